#include "study/state.h"

#include <algorithm>
#include <map>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/advice.h"
#include "base/version.h"
#include "eval/model_facts.h"
#include "io/cellm_file.h"
#include "study/answers.h"
#include "study/builtin_texts.h"
#include "study/measures.h"
#include "tokenizer/compact.h"

namespace cellm {
namespace {

// A part of every key, to be increased when a measurement changes.
constexpr std::string_view kMethod = "2";

void add_file(Study& study, const std::filesystem::path& file) {
  const std::string path = printable(file.string());
  if (!is_cellm_file(file)) throw data_error("{}: no .cellm file", path);
  const auto opened = open_model(file, {study.options.links});
  require_same_model(opened->config(), study.model->config(), file.string());
  StudyRow row;
  row.format.name = file.stem().string();
  for (const StudyRow& other : study.rows) {
    if (other.format.name != row.format.name) continue;
    throw usage_error("{}: there is a row {} already; give the file another name", path,
                      printable(row.format.name));
  }
  row.format.options.scale = ScaleMethod::kAuto;
  row.plan.file_bytes = std::filesystem::file_size(file);
  row.file = file;
  row.key = step_key({study.source_key, fmt::format("{:x}", opened->checksum())});
  row.is_own = false;
  study.steps.store(step_name(kConvertStep, row), row.key,
                    size_json(opened->source(), row.plan.file_bytes));
  study.rows.push_back(std::move(row));
}

std::string planned_signature(const ConvertPlan& plan, ScaleMethod scale) {
  std::string signature;
  for (const PlannedTensor& tensor : plan.tensors) {
    signature += fmt::format("{} {} {}\n", tensor.name, format_choice_name(tensor.choice),
                             tensor.shape.group);
  }
  signature += scale_method_name(has_codes(plan) ? scale : ScaleMethod::kAbsmax);
  return signature;
}

// The plan, the signature and, if it is tuned, the base of a row. The files of rows made by data
// depend on the CPU target, too.
void plan_row(const Study& study, const StudyFormat& format, StudyRow& row) {
  const StudyOptions& options = study.options;
  const std::string training =
      fmt::format("\n{} {}", options.target,
                  options.tune_tokens ? fmt::format("{}", *options.tune_tokens) : "default");
  if (format.making == StudyMaking::kBits) {
    row.signature = fmt::format("bits {}{}", format.bits, training);
    return;
  }
  if (format.making == StudyMaking::kTuned) {
    const auto base =
        std::find_if(study.rows.begin(), study.rows.end(),
                     [&](const StudyRow& other) { return other.format.name == format.base; });
    CELLM_CHECK(base != study.rows.end());
    row.base = base->same_as.value_or(static_cast<std::size_t>(base - study.rows.begin()));
    row.signature = base->signature + "\ntuned" + training;
    return;
  }
  row.plan = plan_conversion(*study.model, format.options);
  row.signature = planned_signature(row.plan, format.options.scale);
  if (format.making == StudyMaking::kCalibrated) row.signature += "\ncalibrated\n" + options.target;
}

void plan_rows(Study& study) {
  std::map<std::string, std::size_t> seen;
  std::vector<std::string> names = study.options.formats;
  if (names.empty() && !study.options.publish.empty())
    names = published_formats(study.model->config().model_type);
  for (StudyFormat& format : study_formats(names)) {
    StudyRow row;
    plan_row(study, format, row);
    row.key = step_key({study.source_key, row.signature});
    const auto [known, added] = seen.emplace(row.signature, study.rows.size());
    if (!added) row.same_as = known->second;
    const std::string& name = added ? format.name : study.rows[known->second].format.name;
    row.file = study.options.output / (name + ".cellm");
    row.format = std::move(format);
    study.rows.push_back(std::move(row));
  }
  for (const auto& file : study.options.files) add_file(study, file);
}

std::vector<EvalText> texts_of(const StudyOptions& options) {
  std::vector<EvalText> texts;
  for (const auto& path : options.texts) {
    texts.push_back(read_eval_text(path));
    texts.back().name = path.filename().string();
  }
  if (texts.empty() && !options.publish.empty()) {
    texts = {{"novel", std::string(kNovelText)}, {"speech", std::string(kSpeechText)}};
  }
  return texts;
}

void read_texts(Study& study) {
  study.texts = texts_of(study.options);
  if (study.texts.empty()) {
    throw usage_error(AdviceKind::kStudyText, "a study needs text that the model was not made for");
  }
  study.tokenizer = study.model->tokenizer();
  if (study.tokenizer == nullptr) {
    throw unsupported_error("{}: a study needs a tokenizer, and there is none",
                            printable(study.model->path()));
  }
  for (const EvalText& text : study.texts) {
    study.tokens.push_back(tokenize_text(text, *study.tokenizer));
    // Fails now rather than after all files have been made.
    if (study.tokens.back().ids.size() < study.options.window) {
      throw usage_error("{}: {} tokens are less than a window of {}", printable(text.name),
                        study.tokens.back().ids.size(), study.options.window);
    }
  }
  if (study.options.window > study.model->config().max_positions) {
    throw usage_error("a window of {} tokens is beyond the model's context of {}",
                      study.options.window, study.model->config().max_positions);
  }
  if (study.options.tokens != 0 && study.options.tokens < study.options.window) {
    throw usage_error("{} tokens are less than a window of {}", study.options.tokens,
                      study.options.window);
  }
}

void set_keys(Study& study) {
  study.source_checksum = study.model->checksum();
  study.text_checksum = text_checksum(study.texts);
  const auto tokenizer_bytes = serialize_tokenizer(study.tokenizer->spec());
  study.source_key =
      step_key({kMethod, kProgramVersion, fmt::format("{:x}", study.source_checksum),
                std::string_view(reinterpret_cast<const char*>(tokenizer_bytes.data()),
                                 tokenizer_bytes.size())});
  study.eval.window = study.options.window;
  study.eval.max_tokens = study.options.tokens;
  study.eval_key = step_key(
      {study.source_key, fmt::format("{:x}", study.text_checksum),
       fmt::format("{} {} {}", study.eval.window, study.eval.max_tokens, study.options.target)});
}

}  // namespace

Study open_study(const StudyOptions& options, const StudyHooks& hooks) {
  if (!options.publish.empty() && !options.keep)
    throw usage_error("publishing needs the files; they are to be kept");
  Study study{options, hooks, Work(hooks),
              open_model(options.source, {options.links, options.tokenizer}),
              StepStore(options.output / "steps")};
  read_texts(study);
  read_questions_of(study);
  set_keys(study);
  plan_rows(study);
  return study;
}

std::string speed_key(const Study& study, const StudyRow& row) {
  return step_key({row.key, fmt::format("{} {} {}", study.options.threads, study.options.target,
                                        study.options.speed_runs)});
}

std::string coherence_key(const Study& study, const StudyRow& row) {
  return step_key({row.key, fmt::format("{} {}", study.options.generate, study.options.target)});
}

std::string row_eval_key(const Study& study, const StudyRow& row) {
  return step_key({row.key, study.eval_key});
}

std::string floor_key(const Study& study) {
  const auto int8 = int8_row(study);
  return step_key({row_eval_key(study, study.rows[0]),
                   int8 ? std::string_view(study.rows[*int8].key) : std::string_view()});
}

std::string parts_key(const Study& study, const StudyRow& row) {
  return step_key({row.key, study.eval_key, fmt::format("{}", study.options.sensitivity_tokens)});
}

std::string histogram_key(const Study& study) {
  std::string key = study.source_key;
  for (const StudyRow& row : study.rows) key = step_key({key, row.key});
  return key;
}

std::string step_name(std::string_view step, const StudyRow& row) {
  return std::string(step) + row.format.name;
}

bool has_file(const Study& study, const StudyRow& row) {
  std::error_code failure;
  return study.steps.find(step_name(kConvertStep, row), row.key).has_value() &&
         std::filesystem::is_regular_file(row.file, failure);
}

void require_file(const Study& study, const StudyRow& row) {
  if (!has_file(study, row)) throw missing_step(study, step_name(kConvertStep, row));
}

Error missing_step(const Study& study, const std::string& step) {
  return data_error("{}: no result of the step {}; run its job first",
                    printable((study.options.output / "steps").string()), printable(step));
}

std::optional<std::size_t> int8_row(const Study& study) {
  for (std::size_t i = 0; i < study.rows.size(); ++i) {
    if (study.rows[i].format.name == "int8") return i;
  }
  return std::nullopt;
}

std::vector<const StudyRow*> part_rows(const Study& study) {
  std::vector<const StudyRow*> result;
  for (const StudyRow& row : study.rows) {
    const std::string& name = row.format.name;
    if (name == "int4" || name == "int2" || name == "int2-mse" || name == "int1") {
      result.push_back(&row);
    }
  }
  if (result.empty() && study.rows.size() > 1) result.push_back(&study.rows.back());
  return result;
}

std::size_t eval_tokens(const Study& study) {
  std::size_t tokens = 0;
  for (const EvalTokens& text : study.tokens)
    tokens += text.ids.size() / study.eval.window * study.eval.window;
  return study.eval.max_tokens == 0 ? tokens : std::min(tokens, study.eval.max_tokens);
}

}  // namespace cellm
