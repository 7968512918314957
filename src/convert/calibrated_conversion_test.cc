#include "convert/calibrated_conversion.h"

#include <algorithm>
#include <cmath>

#include "base/test_files.h"
#include "base/test_models.h"
#include "convert/test_calibration.h"
#include "convert/test_conversion.h"
#include "format/formats.h"
#include "model/open_source.h"

namespace cellm {
namespace {

namespace fs = std::filesystem;

std::string converted(const OpenedModel& model, const ConvertPlan& plan,
                      const CalibratedTensors& codes, ThreadPool& pool) {
  const TestFolder folder;
  const fs::path file = folder.path() / "m.cellm";
  convert(model, plan, file, pool, {}, nullptr, &codes.tensors);
  const auto opened = open_model_source(file);  // checked as every file is
  EXPECT_EQ(opened->tensors().size(), plan.tensors.size());
  return file_bytes(file);
}

TEST(CodeAlongText, CodesEveryMatrixAndDoesNotDependOnThreads) {
  for (const auto& [model, body] : {std::pair{"qwen3", FormatChoice{FormatId::kI4, 32}},
                                    {"llama", FormatChoice{FormatId::kT3, 0}},
                                    {"qwen3_5_text", FormatChoice{FormatId::kI4, 32}},
                                    {"qwen3_5_text", FormatChoice{FormatId::kT2, 0}}}) {
    const auto source = test_model(model);
    const CalibrationText text = some_text(*source);
    const ConvertPlan plan = plan_of(*source, text, body);
    std::string first;
    for (const unsigned threads : {1U, 3U}) {
      ThreadPool pool(threads);
      std::uint64_t last = 0;
      std::uint64_t total = 0;
      const CalibratedTensors codes = quantize_along_text(
          *source, plan, text, pool, {}, [&](std::uint64_t done, std::uint64_t of) {
            EXPECT_GE(done, last);
            EXPECT_LE(done, of);
            last = done;
            total = of;
          });
      EXPECT_EQ(last, total);
      EXPECT_TRUE(codes.without_feedback.empty()) << codes.without_feedback.front();
      for (const auto& tensor : plan.tensors) {
        const bool has_codes = cellm::has_codes(tensor);
        EXPECT_EQ(codes.tensors.contains(tensor.name),
                  has_codes && (tensor.linear.has_value() || is_embedding(tensor)))
            << tensor.name;
      }
      const std::string bytes = converted(*source, plan, codes, pool);
      EXPECT_EQ(bytes.size(), plan.file_bytes);
      if (threads == 1) first = bytes;
      EXPECT_TRUE(bytes == first) << model;
    }
    EXPECT_NE(first.find(R"("feedback":true)"), std::string::npos);
  }
}

// On tokens that the calibration has not seen.
TEST(CodeAlongText, FilesComeNearerToTheSourceThanByWeighing) {
  for (const char* model : {"qwen3", "llama"}) {
    const auto source = test_model(model);
    const Engine engine = exact_engine(test_model(model), 2);
    const CalibrationText text = some_text(*source);
    const std::vector<std::uint32_t> tokens = some_text(*source, 5).windows.front();
    const Statistics statistics = calibrate(engine, text, {});
    ThreadPool pool(2);
    for (const FormatChoice body :
         {FormatChoice{FormatId::kI4, 0}, {FormatId::kI4, 32}, {FormatId::kT3, 0}}) {
      const TestFolder folder;
      const ConvertPlan plan = plan_of(*source, text, body);
      convert(*source, plan, folder.path() / "weighed.cellm", pool, {}, &statistics);
      const CalibratedTensors codes = quantize_along_text(*source, plan, text, pool, {}, {});
      convert(*source, plan, folder.path() / "feedback.cellm", pool, {}, nullptr, &codes.tensors);
      EXPECT_LT(divergence(engine, folder.path() / "feedback.cellm", tokens),
                divergence(engine, folder.path() / "weighed.cellm", tokens))
          << model << " " << format_choice_name(body);
    }
  }
}

struct Stopped {};

// A conversion that is stopped and resumed from its state, on the file `m.cellm.partial`.
class ResumedConversion : public testing::Test {
 protected:
  ResumedConversion() {
    options_of_plan_.overrides.push_back(parse_tensor_override("mlp=t4"));
    plan_ = plan_conversion(*source_, options_of_plan_);
    options_.state = folder_.path() / "m.cellm.partial";
    options_.source_checksum = "1";
  }

  void stop_after(double share) {
    const auto stop = [&](std::uint64_t done, std::uint64_t total) {
      if (static_cast<double>(done) > share * static_cast<double>(total)) throw Stopped();
    };
    EXPECT_THROW(quantize_along_text(*source_, plan_, text_, pool_, options_, stop), Stopped);
  }

  // Runs to the end with a state of these bytes. Returns the tensors that were resumed.
  std::size_t resumed_with(const std::string& state, const ConvertPlan& plan,
                           const CalibrationText& text) {
    folder_.write("m.cellm.partial", state);
    return quantize_along_text(*source_, plan, text, pool_, options_, {}).resumed;
  }

  // The same for the test's own plan and text; the file is `want`, and the state is removed.
  std::size_t finish(const std::string& want) {
    CalibratedTensors codes = quantize_along_text(*source_, plan_, text_, pool_, options_, {});
    EXPECT_TRUE(converted(*source_, plan_, codes, pool_) == want);
    const std::size_t resumed = codes.resumed;
    codes.state->remove();
    EXPECT_FALSE(fs::exists(options_.state));
    return resumed;
  }
  std::size_t finish_with(const std::string& state, const std::string& want) {
    folder_.write("m.cellm.partial", state);
    return finish(want);
  }

  const std::shared_ptr<const OpenedModel> source_ = test_model("qwen3_5_text");
  const CalibrationText text_ = some_text(*source_);
  ConvertOptions options_of_plan_ = options_of(text_, {FormatId::kI4, 32});
  ConvertPlan plan_;
  ThreadPool pool_{2};
  TestFolder folder_;
  CalibratedOptions options_;
};

TEST_F(ResumedConversion, UsesTheWholePartOfItsOwnState) {
  const CalibratedTensors whole = quantize_along_text(*source_, plan_, text_, pool_, {}, {});
  const std::string want = converted(*source_, plan_, whole, pool_);
  EXPECT_EQ(finish(want), 0U);
  stop_after(0.5);
  stop_after(0.8);
  const std::string state = file_bytes(options_.state);
  const std::size_t resumed = finish(want);
  EXPECT_GT(resumed, whole.tensors.size() / 2);
  EXPECT_LT(resumed, whole.tensors.size());
  // Cut off anywhere, or damaged: what is whole before that is used.
  EXPECT_EQ(finish_with(state.substr(0, state.size() - 3), want), resumed - 1);
  EXPECT_LT(finish_with(state.substr(0, state.size() / 2), want), resumed - 1);
  std::string damaged = state;
  damaged[state.size() / 2] = static_cast<char>(damaged[state.size() / 2] ^ 1);
  EXPECT_LT(finish_with(damaged, want), resumed - 1);
  EXPECT_EQ(finish_with("something else", want), 0U);
  // Of another source, another text or another plan: nothing is used.
  options_.source_checksum = "2";
  EXPECT_EQ(finish_with(state, want), 0U);
  options_.source_checksum = "1";
  EXPECT_EQ(resumed_with(state, plan_, some_text(*source_, 12)), 0U);
  EXPECT_EQ(resumed_with(state, plan_of(*source_, text_, {FormatId::kI4, 16}), text_), 0U);
  options_.targets->inputs = 0.25;
  EXPECT_EQ(resumed_with(state, plan_, text_), 0U);
  options_.targets = TargetFactors{};
  options_of_plan_.rotation = 1;
  EXPECT_EQ(resumed_with(state, plan_conversion(*source_, options_of_plan_), text_), 0U);
}

TEST(CodeAlongText, OneRunAtATimeHasTheState) {
  const auto source = test_model("qwen3");
  const CalibrationText text = some_text(*source);
  const ConvertPlan plan = plan_of(*source, text, {FormatId::kI8, 0});
  ThreadPool pool(1);
  const TestFolder folder;
  CalibratedOptions options;
  options.state = folder.path() / "m.cellm.partial";
  const CalibratedTensors first = quantize_along_text(*source, plan, text, pool, options, {});
  expect_error(ErrorKind::kData, "m.cellm.partial: another run is working on this file",
               [&] { quantize_along_text(*source, plan, text, pool, options, {}); });
  options.state = folder.path() / "no folder" / "m.cellm.partial";
  expect_error(ErrorKind::kData, "m.cellm.partial: cannot open this file",
               [&] { quantize_along_text(*source, plan, text, pool, options, {}); });
}

// A source in which one vector is so large that what follows overflows, or zero.
class SpoiledSource final : public ModelSource {
 public:
  SpoiledSource(std::shared_ptr<const OpenedModel> model, std::string name, float value)
      : model_(std::move(model)),
        source_(&model_->source()),
        name_(std::move(name)),
        value_(value) {}
  const std::string& path() const override { return source_->path(); }
  const std::string& container_format() const override { return source_->container_format(); }
  const Json& config() const override { return source_->config(); }
  const std::string& generation_config_json() const override {
    return source_->generation_config_json();
  }
  const ChatTemplates& chat_templates() const override { return source_->chat_templates(); }
  TokenizerData tokenizer() const override { return source_->tokenizer(); }
  const std::vector<TensorInfo>& tensors() const override { return source_->tensors(); }
  MatrixPtr weights(std::size_t index) const override { return source_->weights(index); }
  void read_rows(std::size_t index, std::size_t begin, std::size_t end, float* out) const override {
    source_->read_rows(index, begin, end, out);
    if (tensors()[index].name != name_) return;
    std::fill_n(out, (end - begin) * tensors()[index].cols(), value_);
  }

 private:
  std::shared_ptr<const OpenedModel> model_;
  const ModelSource* source_;
  std::string name_;
  float value_;
};

std::shared_ptr<const OpenedModel> spoiled(const std::string& model, const std::string& tensor,
                                           float value) {
  return std::make_shared<const OpenedModel>(
      std::make_unique<SpoiledSource>(test_model(model), tensor, value));
}

TEST(CodeAlongText, NamesWhatHasNoFeedback) {
  const std::string norm = "model.layers.1.post_attention_layernorm.weight";
  const auto is_gate_or_up = [](const std::string& name) {
    return name.ends_with("layers.1.mlp.gate_proj.weight") ||
           name.ends_with("layers.1.mlp.up_proj.weight");
  };
  ThreadPool pool(2);
  // Silent: what the feed-forward of layer 1 is multiplied with, and so what comes out of it.
  const auto silent = spoiled("llama", norm, 0.0F);
  const CalibrationText text = some_text(*silent);
  const ConvertPlan plan = plan_of(*silent, text, {FormatId::kI4, 32});
  const CalibratedTensors some = quantize_along_text(*silent, plan, text, pool, {}, {});
  EXPECT_EQ(some.without_feedback.size(), 3U);
  EXPECT_EQ(
      std::count_if(some.without_feedback.begin(), some.without_feedback.end(), is_gate_or_up), 2);
  converted(*silent, plan, some, pool);
  // Overflowing: that and everything after it.
  const auto loud = spoiled("llama", norm, 3e38F);
  const CalibratedTensors fewer = quantize_along_text(*loud, plan, text, pool, {}, {});
  EXPECT_GE(fewer.without_feedback.size(), 3U);
  EXPECT_LT(fewer.without_feedback.size(), fewer.tensors.size());
  EXPECT_EQ(
      std::count_if(fewer.without_feedback.begin(), fewer.without_feedback.end(), is_gate_or_up),
      2);
  for (const auto& [name, quantized] : fewer.tensors) {
    const bool named = std::find(fewer.without_feedback.begin(), fewer.without_feedback.end(),
                                 name) != fewer.without_feedback.end();
    EXPECT_EQ(quantized->with_feedback, !named) << name;
  }
}

TEST(RefuseBadValues, NamesTensorsBeforeAnythingElse) {
  ThreadPool pool(2);
  const std::string norm = "model.norm.weight";
  const auto source = spoiled("llama", norm, 1e30F);
  ConvertPlan plan = plan_of(*source, some_text(*source), {FormatId::kI4, 32});
  expect_error(ErrorKind::kData, norm, [&] { refuse_bad_values(*source, plan, pool); });
  plan.allow_nonfinite = true;
  refuse_bad_values(*source, plan, pool);
}

// Rows, and of Qwen3.5 columns too, are in another order in the file than in the model.
TEST(CodeAlongText, IntoAGgufIsBetterThanWithoutAText) {
  for (const char* name : {"llama", "qwen3_5_text"}) {
    SCOPED_TRACE(name);
    const auto source = test_model(name);
    const CalibrationText text = some_text(*source);
    ConvertOptions options;
    options.container = Container::kGguf;
    options.formats = MixtureFormats{find_mixture("q5_0"), {}, {}};
    options.settle_lm_head = true;
    const ConvertPlan plan = plan_conversion(*source, options);
    const TestFolder folder;
    std::string first;
    double with = 0.0;
    for (const unsigned threads : {1U, 3U}) {
      ThreadPool pool(threads);
      const CalibratedTensors codes = quantize_along_text(*source, plan, text, pool, {}, {});
      EXPECT_TRUE(codes.without_feedback.empty());
      const fs::path file = folder.path() / "with.gguf";
      convert(*source, plan, file, pool, {}, nullptr, &codes.tensors);
      if (first.empty()) first = file_bytes(file);
      EXPECT_TRUE(file_bytes(file) == first);
      with = divergence(exact_engine(source, 2), file, text.windows.front());
    }
    ThreadPool pool(2);
    const fs::path file = folder.path() / "without.gguf";
    convert(*source, plan, file, pool, {});
    EXPECT_LT(with, divergence(exact_engine(source, 2), file, text.windows.front()));
  }
}

}  // namespace
}  // namespace cellm
