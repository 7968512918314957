#include "engine/session_file.h"

#include <algorithm>
#include <memory>
#include <new>
#include <string_view>
#include <xxhash.h>

#include "base/advice.h"
#include "base/atomic_file.h"
#include "base/byte_reader.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/memory.h"

namespace cellm {
namespace {

constexpr unsigned kOwnerOnly = 0600;
constexpr std::string_view kMagic = "CELLMSES";
constexpr std::size_t kChecksumBytes = sizeof(std::uint64_t);
// Up to the length of the file.
constexpr std::size_t kStartBytes = kMagic.size() + sizeof(std::uint32_t) + sizeof(std::uint64_t);

enum class LayerKind : std::uint8_t { kAttention = 1, kDeltaNet = 2 };

LayerKind kind_of(const LayerState& layer) {
  return std::holds_alternative<KvCache>(layer) ? LayerKind::kAttention : LayerKind::kDeltaNet;
}

// Calls visit(array) for each array of a delta net's state, in the order of the file.
template <class State, class Visit>
void for_each_array(State& state, Visit&& visit) {
  visit(std::span(state.conv_window));
  visit(state.delta.s.span());
  visit(state.delta.keys.span());
  visit(state.delta.deltas.span());
  visit(state.delta.log_decay.span());
}

std::uint64_t payload_bytes(const LayerState& layer, std::size_t tokens) {
  if (const auto* cache = std::get_if<KvCache>(&layer)) {
    const std::size_t per_block = cache->shape().tokens_per_block;
    return (tokens + per_block - 1) / per_block * KvCache::block_bytes(cache->shape());
  }
  std::uint64_t bytes = 0;
  for_each_array(std::get<CopyOnWrite<DeltaNetState>>(layer).read(),
                 [&](auto array) { bytes += array.size_bytes(); });
  return bytes;
}

// Passes bytes on and computes their checksum.
class Writer {
 public:
  explicit Writer(const std::function<void(std::span<const std::byte>)>& put)
      : put_(put), checksum_(XXH3_createState(), XXH3_freeState) {
    if (!checksum_) throw std::bad_alloc();
    XXH3_64bits_reset(checksum_.get());
  }
  void bytes(std::span<const std::byte> all) {
    XXH3_64bits_update(checksum_.get(), all.data(), all.size());
    put_(all);
  }
  template <class T>
  void value(T value) {
    bytes(std::as_bytes(std::span(&value, 1)));
  }
  void text(std::string_view all) { bytes(std::as_bytes(std::span(all))); }
  void name(std::string_view all) {
    CELLM_CHECK(all.size() <= kMaxSessionNameBytes);
    value(static_cast<std::uint8_t>(all.size()));
    text(all);
  }
  std::uint64_t checksum() const { return XXH3_64bits_digest(checksum_.get()); }

 private:
  const std::function<void(std::span<const std::byte>)>& put_;
  std::unique_ptr<XXH3_state_t, XXH_errorcode (*)(XXH3_state_t*)> checksum_;
};

void write_layer(const LayerState& layer, std::size_t tokens, Writer& out) {
  out.value(kind_of(layer));
  out.value(payload_bytes(layer, tokens));
  if (const auto* cache = std::get_if<KvCache>(&layer)) {
    for (std::size_t i = 0; i < cache->blocks(); ++i) out.bytes(cache->block(i));
  } else {
    for_each_array(std::get<CopyOnWrite<DeltaNetState>>(layer).read(),
                   [&](auto array) { out.bytes(std::as_bytes(array)); });
  }
}

// Reads a file that was saved with these facts and options, and refuses any other.
class Reader {
 public:
  // `verify`: the checksum, for which the whole file is read.
  Reader(const MappedFile& file, const SessionFacts& expected, const ModelConfig& config,
         const SequenceOptions& options, bool verify)
      : path_(printable(file.path())),
        in_(body_of(file.bytes(), path_, verify), path_),
        expected_(expected),
        config_(config),
        options_(options) {}

  Sequence run() {
    Sequence sequence = empty_sequence(config_, options_);
    read_start();
    const std::size_t count = read_token_count();
    require_memory(state_bytes(config_, options_.kv_encoding, options_.tokens_per_block, count),
                   fmt::format("{}: a sequence of {} tokens", path_, count),
                   AdviceKind::kFewerTokens);
    sequence.tokens = read_tokens(count);
    sequence.state.position = count;
    for (LayerState& layer : sequence.state.layers) read_layer(layer, sequence.tokens.size());
    if (in_.remaining() != 0) {
      throw data_error("{}: {} bytes are left after the last layer", path_, in_.remaining());
    }
    return sequence;
  }

  std::vector<std::uint32_t> tokens() {
    read_start();
    return read_tokens(read_token_count());
  }

 private:
  // All but the checksum, once magic, version, length and checksum are right.
  static std::span<const std::byte> body_of(std::span<const std::byte> file, std::string_view path,
                                            bool verify) {
    ByteReader in(file, path);
    if (file.size() < kMagic.size() || in.read_text(kMagic.size(), "magic") != kMagic) {
      throw data_error("{}: is not a session file", path);
    }
    const auto version = in.read<std::uint32_t>("version");
    if (version != kSessionFileVersion) {
      throw unsupported_error("{}: is a session file of version {}; this program reads version {}",
                              path, version, kSessionFileVersion);
    }
    const auto bytes = in.read<std::uint64_t>("length");
    if (bytes > file.size()) {
      throw data_error("{}: is truncated: {} of {} bytes are there", path, file.size(), bytes);
    }
    if (bytes < file.size() || bytes < kStartBytes + kChecksumBytes) {
      throw data_error("{}: is damaged: {} bytes, its header says {}", path, file.size(), bytes);
    }
    const auto body = file.first(file.size() - kChecksumBytes);
    ByteReader end(file.subspan(body.size()), path);
    if (verify && end.read<std::uint64_t>("checksum") != XXH3_64bits(body.data(), body.size())) {
      throw data_error("{}: is damaged: the checksum does not match", path);
    }
    return body;
  }

  // Up to the number of tokens.
  void read_start() {
    in_.read_bytes(kStartBytes, "start");
    check_facts();
    const auto layers = in_.read<std::uint32_t>("layer count");
    if (layers != config_.layers.size()) {
      throw usage_error("{}: was saved with {} layers, the engine runs {}", path_, layers,
                        config_.layers.size());
    }
  }

  void check_facts() {
    const auto model = in_.read<std::uint64_t>("model checksum");
    if (model != expected_.model_checksum) {
      throw usage_error("{}: was saved with another model: its checksum is {:016x}, not {:016x}",
                        path_, model, expected_.model_checksum);
    }
    check_name("CPU target", expected_.target);
    check_name("activations", expected_.activations);
    check_name("KV encoding", kv_encoding_name(options_.kv_encoding));
    const auto per_block = in_.read<std::uint32_t>("tokens per block");
    if (per_block != options_.tokens_per_block) {
      throw usage_error("{}: was saved with {} tokens per block, not {}", path_, per_block,
                        options_.tokens_per_block);
    }
  }

  void check_name(std::string_view what, std::string_view expected) {
    const auto size = in_.read<std::uint8_t>(what);
    if (size > kMaxSessionNameBytes) {
      throw data_error("{}: is damaged: {} of {} bytes", path_, what, size);
    }
    const std::string_view name = in_.read_text(size, what);
    if (name != expected) {
      throw usage_error("{}: was saved with {} {}, not {}", path_, what, printable(name), expected);
    }
  }

  std::size_t read_token_count() {
    const std::size_t count = in_.read_count<std::uint64_t>(sizeof(std::uint32_t), "token count");
    const std::size_t most = max_sequence_tokens(config_, options_);
    if (count > most) {
      throw usage_error("{}: {} tokens do not fit into the context of {}", path_, count, most);
    }
    return count;
  }

  std::vector<std::uint32_t> read_tokens(std::size_t count) {
    std::vector<std::uint32_t> tokens;
    tokens.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
      const auto token = in_.read<std::uint32_t>("token");
      if (token >= config_.vocab_size) {
        throw data_error("{}: token {} is beyond the vocabulary of {}", path_, token,
                         config_.vocab_size);
      }
      tokens.push_back(token);
    }
    return tokens;
  }

  void read_layer(LayerState& layer, std::size_t tokens) {
    const auto kind = in_.read<std::uint8_t>("layer kind");
    const auto bytes = in_.read<std::uint64_t>("layer bytes");
    const std::uint64_t expected = payload_bytes(layer, tokens);
    if (kind != static_cast<std::uint8_t>(kind_of(layer)) || bytes != expected) {
      throw data_error("{}: is damaged: a layer of kind {} and {} bytes, not kind {} and {}", path_,
                       kind, bytes, static_cast<int>(kind_of(layer)), expected);
    }
    if (auto* cache = std::get_if<KvCache>(&layer)) {
      const std::size_t block_bytes = KvCache::block_bytes(cache->shape());
      cache->reserve(0, tokens);
      for (std::size_t i = 0; i < cache->blocks(); ++i) {
        std::ranges::copy(in_.read_bytes(block_bytes, "KV block"), cache->block(i).begin());
      }
      return;
    }
    DeltaNetState& net = std::get<CopyOnWrite<DeltaNetState>>(layer).write();
    net.delta.pending = tokens % kDeltaChunk;
    for_each_array(net, [&](auto array) {
      const auto source = in_.read_bytes(array.size_bytes(), "state of a delta net");
      std::ranges::copy(source, std::as_writable_bytes(array).begin());
    });
  }

  std::string path_;
  ByteReader in_;
  const SessionFacts& expected_;
  const ModelConfig& config_;
  const SequenceOptions& options_;
};

}  // namespace

SessionFacts session_facts(const Engine& engine, std::uint64_t model_checksum) {
  return {model_checksum, std::string(engine.kernels().name),
          std::string(activations_name(engine.activations()))};
}

std::uint64_t session_file_bytes(const Sequence& sequence, const SessionFacts& facts) {
  std::uint64_t bytes = kStartBytes + sizeof(facts.model_checksum);
  for (const std::string_view name :
       {std::string_view(facts.target), std::string_view(facts.activations),
        kv_encoding_name(sequence.options.kv_encoding)}) {
    bytes += 1 + name.size();
  }
  bytes += 2 * sizeof(std::uint32_t) + sizeof(std::uint64_t);
  bytes += sizeof(std::uint32_t) * sequence.tokens.size();
  for (const LayerState& layer : sequence.state.layers) {
    bytes += 1 + sizeof(std::uint64_t) + payload_bytes(layer, sequence.tokens.size());
  }
  return bytes + kChecksumBytes;
}

void write_session(const Sequence& sequence, const SessionFacts& facts,
                   const std::function<void(std::span<const std::byte>)>& put) {
  Writer out(put);
  out.text(kMagic);
  out.value(kSessionFileVersion);
  out.value(session_file_bytes(sequence, facts));
  out.value(facts.model_checksum);
  out.name(facts.target);
  out.name(facts.activations);
  out.name(kv_encoding_name(sequence.options.kv_encoding));
  out.value(static_cast<std::uint32_t>(sequence.options.tokens_per_block));
  out.value(static_cast<std::uint32_t>(sequence.state.layers.size()));
  out.value(static_cast<std::uint64_t>(sequence.tokens.size()));
  out.bytes(std::as_bytes(std::span(sequence.tokens)));
  for (const LayerState& layer : sequence.state.layers) {
    write_layer(layer, sequence.tokens.size(), out);
  }
  out.value(out.checksum());
}

Sequence read_session(const MappedFile& file, const SessionFacts& expected,
                      const ModelConfig& config, const SequenceOptions& options) {
  return Reader(file, expected, config, options, true).run();
}

std::vector<std::uint32_t> read_session_tokens(const MappedFile& file, const SessionFacts& expected,
                                               const ModelConfig& config,
                                               const SequenceOptions& options) {
  return Reader(file, expected, config, options, false).tokens();
}

void save_session(const Snapshot& snapshot, std::uint64_t model_checksum,
                  const std::filesystem::path& path) {
  const SessionFacts facts = session_facts(snapshot.engine(), model_checksum);
  AtomicFile file(path, kOwnerOnly);
  file.reserve(session_file_bytes(snapshot.sequence(), facts));
  std::uint64_t offset = 0;
  write_session(snapshot.sequence(), facts, [&](std::span<const std::byte> bytes) {
    file.write_at(offset, bytes);
    offset += bytes.size();
  });
  file.commit();
}

Snapshot load_session(const Engine& engine, std::uint64_t model_checksum,
                      const SequenceOptions& options, const std::filesystem::path& path) {
  const MappedFile file(path);
  return {engine,
          read_session(file, session_facts(engine, model_checksum), engine.config(), options)};
}

}  // namespace cellm
