#include "engine/session_file.h"

#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <span>
#include <string>
#include <sys/stat.h>
#include <vector>
#include <xxhash.h>

#include "base/test_files.h"
#include "engine/session.h"

namespace cellm {
namespace {

namespace fs = std::filesystem;
using Ids = std::vector<std::uint32_t>;

constexpr std::uint64_t kModel = 0x0123456789ABCDEF;

// Offsets of docs/session-file.md.
constexpr std::size_t kVersionOffset = 8;
constexpr std::size_t kLengthOffset = 12;
constexpr std::size_t kModelOffset = 20;
constexpr std::size_t kNamesOffset = 28;

Engine test_engine(const std::string& model, EngineOptions options = {"", 2}) {
  return Engine(open_model(fs::path(CELLM_TESTDATA) / "models" / model), options);
}

Ids some_tokens(std::size_t count) {
  Ids tokens(count);
  for (std::size_t i = 0; i < count; ++i)
    tokens[i] = static_cast<std::uint32_t>((i * 37 + 5) % 300);
  return tokens;
}

void write(const fs::path& path, const std::string& content) {
  std::ofstream(path, std::ios::binary) << content;
}

template <class T>
void set(std::string& file, std::size_t offset, T value) {
  std::memcpy(file.data() + offset, &value, sizeof(value));
}

// Puts length and checksum right after a change.
void seal(std::string& file) {
  set(file, kLengthOffset, static_cast<std::uint64_t>(file.size()));
  const std::size_t end = file.size() - sizeof(std::uint64_t);
  set(file, end, static_cast<std::uint64_t>(XXH3_64bits(file.data(), end)));
}

// The offset of the fields behind the names: tokens per block, layers, token count, tokens.
std::size_t counts_offset(const std::string& file) {
  std::size_t at = kNamesOffset;
  for (int i = 0; i < 3; ++i) at += std::size_t{1} + static_cast<unsigned char>(file[at]);
  return at;
}

std::vector<float> last_logits(Session& session, std::span<const std::uint32_t> tokens) {
  const auto logits = session.advance(tokens);
  return {logits.begin(), logits.end()};
}

class SessionFile : public testing::TestWithParam<const char*> {
 protected:
  TestFolder folder_;
  fs::path path_ = folder_.path() / "a.session";
};

TEST_P(SessionFile, GoesOnAsIfNothingHadHappened) {
  const Engine engine = test_engine(GetParam());
  const Ids tokens = some_tokens(90);
  const std::span<const std::uint32_t> all = tokens;
  for (const SequenceOptions options :
       {SequenceOptions{KvEncoding::kF32, 16, 0}, SequenceOptions{KvEncoding::kF16, 4, 0},
        SequenceOptions{KvEncoding::kTurboQuant, 7, 0}}) {
    for (const std::size_t cut : {1U, 31U, 32U, 64U, 75U}) {
      Session session(engine, options);
      session.advance(all.first(cut));
      session.save(path_, kModel);
      const auto want = last_logits(session, all.subspan(cut, 10));
      // In another engine, as in another process; other tokens before are gone.
      const Engine other = test_engine(GetParam());
      Session loaded(other, options);
      loaded.advance(all.first(3));
      loaded.load(path_, kModel);
      EXPECT_EQ(loaded.position(), cut);
      EXPECT_TRUE(std::ranges::equal(loaded.tokens(), all.first(cut)));
      EXPECT_EQ(last_logits(loaded, all.subspan(cut, 10)), want);
    }
  }
}

// The saved bytes depend on the tokens alone, not on their division into calls.
TEST_P(SessionFile, IsTheSameHoweverTheTokensWereCut) {
  const Engine engine = test_engine(GetParam());
  const Ids tokens = some_tokens(77);
  Session whole(engine, {});
  whole.advance(tokens);
  whole.save(path_, kModel);
  const std::string want = file_bytes(path_);
  Session pieces(engine, {});
  for (const std::uint32_t token : tokens) pieces.advance({&token, 1});
  pieces.save(path_, kModel);
  EXPECT_TRUE(file_bytes(path_) == want);
  pieces.load(path_, kModel);
  pieces.save(path_, kModel);
  EXPECT_TRUE(file_bytes(path_) == want);
}

TEST_P(SessionFile, KeepsAnEmptySession) {
  const Engine engine = test_engine(GetParam());
  const Ids tokens = some_tokens(5);
  Session session(engine, {});
  session.save(path_, kModel);
  const auto want = last_logits(session, tokens);
  session.load(path_, kModel);
  EXPECT_EQ(session.position(), 0U);
  EXPECT_EQ(last_logits(session, tokens), want);
}

TEST_P(SessionFile, IsForItsOwnerAlone) {
  const Engine engine = test_engine(GetParam());
  write(path_, "before");
  fs::permissions(path_, fs::perms::all);
  Session(engine, {}).save(path_, kModel);
  struct stat info {};
  ASSERT_EQ(::stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
}

INSTANTIATE_TEST_SUITE_P(, SessionFile,
                         testing::Values("qwen3_5_text", "llama", "qwen3_5_text/golden/i4.cellm"));

class DamagedSessionFile : public testing::Test {
 protected:
  DamagedSessionFile()
      : engine_(test_engine("qwen3_5_text")),
        facts_(session_facts(engine_, kModel)),
        session_(engine_, kOptions) {
    session_.advance(some_tokens(9));
    session_.save(path_, kModel);
    good_ = file_bytes(path_);
  }

  // A refused file leaves the session as it was.
  void refuse(ErrorKind kind, const std::string& message, const std::string& content) {
    write(path_, content);
    expect_error(kind, message, [&] { session_.load(path_, kModel); });
    EXPECT_EQ(session_.position(), 9U);
  }
  // With length and checksum put right.
  void refuse_change(ErrorKind kind, const std::string& message,
                     const std::function<void(std::string&)>& change) {
    std::string file = good_;
    change(file);
    seal(file);
    refuse(kind, message, file);
  }

  static constexpr SequenceOptions kOptions{KvEncoding::kF16, 4, 5};
  TestFolder folder_;
  fs::path path_ = folder_.path() / "a.session";
  Engine engine_;
  SessionFacts facts_;
  Session session_;
  std::string good_;
};

// From memory, so that every length can be tried.
TEST_F(DamagedSessionFile, CutAnywhereIsRefused) {
  const auto bytes = std::as_bytes(std::span(good_));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const MappedFile file("cut", bytes.first(size));
    const char* message = size < 8    ? "is not a session file"
                          : size < 20 ? "at byte"
                                      : "is truncated";
    expect_error(ErrorKind::kData, message,
                 [&] { read_session(file, facts_, engine_.config(), kOptions); });
  }
  const MappedFile whole("whole", bytes);
  read_session(whole, facts_, engine_.config(), kOptions);
  refuse(ErrorKind::kData, "its header says", good_ + '\0');
}

TEST_F(DamagedSessionFile, AChangedByteIsFound) {
  for (std::size_t at = 0; at < good_.size(); at += at < 400 ? 1 : 61) {
    std::string changed = good_;
    changed[at] = static_cast<char>(changed[at] ^ 0x10);
    const MappedFile file("changed", std::as_bytes(std::span(changed)));
    EXPECT_THROW(read_session(file, facts_, engine_.config(), kOptions), Error) << at;
  }
  std::string changed = good_;
  changed.back() = static_cast<char>(changed.back() ^ 1);
  refuse(ErrorKind::kData, "the checksum does not match", changed);
}

TEST_F(DamagedSessionFile, FieldsAreChecked) {
  const std::size_t counts = counts_offset(good_);
  const std::size_t tokens = counts + 16;
  const std::size_t layer = tokens + 9 * sizeof(std::uint32_t);
  refuse_change(ErrorKind::kData, "is not a session file", [](auto& file) { file[0] = 'X'; });
  refuse_change(ErrorKind::kUnsupported, "of version 2; this program reads version 1",
                [](auto& file) { set(file, kVersionOffset, 2U); });
  refuse_change(ErrorKind::kUsage, "another model",
                [](auto& file) { set(file, kModelOffset, std::uint64_t{1}); });
  refuse_change(ErrorKind::kUsage, "CPU target", [](auto& file) { file[kNamesOffset + 1] = '\n'; });
  refuse_change(ErrorKind::kData, "CPU target of 255 bytes",
                [](auto& file) { file[kNamesOffset] = '\xFF'; });
  refuse_change(ErrorKind::kUsage, "with 5 tokens per block, not 4",
                [&](auto& file) { set(file, counts, 5U); });
  refuse_change(ErrorKind::kUsage, "layers", [&](auto& file) { set(file, counts + 4, 1000U); });
  refuse_change(ErrorKind::kUsage, "21 tokens do not fit into the context of 20",
                [&](auto& file) { set(file, counts + 8, std::uint64_t{21}); });
  refuse_change(ErrorKind::kData, "token count",
                [&](auto& file) { set(file, counts + 8, ~std::uint64_t{0}); });
  for (const std::uint64_t count : {8U, 10U, 12U, 13U}) {
    refuse_change(ErrorKind::kData, "", [&](auto& file) { set(file, counts + 8, count); });
  }
  refuse_change(ErrorKind::kData, "beyond the vocabulary",
                [&](auto& file) { set(file, tokens, ~0U); });
  refuse_change(ErrorKind::kData, "a layer of kind 3", [&](auto& file) { file[layer] = 3; });
  refuse_change(ErrorKind::kData, "a layer of kind",
                [&](auto& file) { set(file, layer + 1, ~std::uint64_t{0}); });
  refuse_change(ErrorKind::kData, "after the last layer", [](auto& file) { file += "1234"; });
  refuse_change(ErrorKind::kData, "", [](auto& file) { file.resize(file.size() - 4); });
  write(path_, good_);
  session_.load(path_, kModel);
}

TEST_F(DamagedSessionFile, OthersAreRefusedByName) {
  expect_error(ErrorKind::kUsage, "another model", [&] { session_.load(path_, kModel + 1); });
  const auto refuse_with = [&](const Engine& engine, const SequenceOptions& options,
                               const char* message) {
    Session session(engine, options);
    expect_error(ErrorKind::kUsage, message, [&] { session.load(path_, kModel); });
  };
  refuse_with(engine_, {KvEncoding::kF32, 4, 0}, "KV encoding f16, not f32");
  refuse_with(engine_, {KvEncoding::kF16, 8, 0}, "4 tokens per block, not 8");
  refuse_with(engine_, {KvEncoding::kF16, 4, 2}, "9 tokens do not fit into the context of 8");
  EngineOptions options{"", 1};
  options.activations = Activations::kF32;
  refuse_with(test_engine("qwen3_5_text", options), kOptions, "activations int8, not f32");
  options = {"", 1, 2};
  refuse_with(test_engine("qwen3_5_text", options), kOptions, "the engine runs 2");
  if (engine_.kernels().name != std::string("scalar")) {
    refuse_with(test_engine("qwen3_5_text", {"scalar", 1}), kOptions, ", not scalar");
  }
  expect_error(ErrorKind::kData, "nothing.session",
               [&] { session_.load(folder_.path() / "nothing.session", kModel); });
  expect_error(ErrorKind::kData, "no/such",
               [&] { session_.save(folder_.path() / "no/such/folder", kModel); });
}

}  // namespace
}  // namespace cellm
