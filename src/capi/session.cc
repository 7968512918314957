#include "capi/handles.h"
#include "engine/opened_model.h"

using namespace cellm;

namespace {

// Far more than is of use, and no product of sizes overflows.
constexpr std::size_t kMaxTokensPerBlock = std::size_t{1} << 16;

std::span<const std::uint32_t> ids_of(const std::uint32_t* ids, std::size_t count) {
  if (count == 0) throw usage_error("no tokens");
  return required_array(ids, count, "ids");
}

}  // namespace

namespace cellm {

KvEncoding kv_encoding_of(int value) {
  switch (value) {
    case CELLM_KV_F16:
      return KvEncoding::kF16;
    case CELLM_KV_TURBOQUANT:
      return KvEncoding::kTurboQuant;
    case CELLM_KV_F32:
      return KvEncoding::kF32;
    default:
      throw usage_error("KV encoding {} is unknown", value);
  }
}

SequenceOptions sequence_options(const cellm_session_options* options) {
  const cellm_session_options o = options_of(options, "cellm_session_options");
  SequenceOptions result{.kv_encoding = kv_encoding_of(o.kv_encoding)};
  if (o.tokens_per_block != 0) result.tokens_per_block = o.tokens_per_block;
  if (result.tokens_per_block > kMaxTokensPerBlock) {
    throw usage_error("tokens_per_block {} is more than {}", o.tokens_per_block,
                      kMaxTokensPerBlock);
  }
  if (o.max_tokens == 0) return result;
  result.total_blocks = o.max_tokens / result.tokens_per_block;
  if (result.total_blocks == 0) {
    throw usage_error("max_tokens {} is less than a block of {}", o.max_tokens,
                      result.tokens_per_block);
  }
  return result;
}

}  // namespace cellm

cellm_status cellm_session_new(const cellm_model* model, const cellm_session_options* options,
                               cellm_session** session) {
  return guarded([&] {
    const auto& loaded = required(model, "model").loaded;
    cellm_session*& out = required(session, "session");
    out = new cellm_session{loaded, Session(loaded->engine, sequence_options(options))};
  });
}

void cellm_session_free(cellm_session* session) {
  delete session;
}

std::size_t cellm_session_position(const cellm_session* session) {
  return value_or_zero([&] { return required(session, "session").session.position(); });
}

std::size_t cellm_session_max_tokens(const cellm_session* session) {
  return value_or_zero([&] { return required(session, "session").session.max_tokens(); });
}

std::uint64_t cellm_session_state_bytes(const cellm_session* session, std::size_t tokens) {
  return value_or_zero([&] {
    const Session& of = required(session, "session").session;
    return of.state_bytes(std::min(tokens, of.max_tokens()));
  });
}

cellm_status cellm_session_check_memory(const cellm_session* session, std::size_t tokens) {
  return guarded([&] { required(session, "session").session.require_memory(tokens); });
}

cellm_status cellm_session_advance(cellm_session* session, const std::uint32_t* ids,
                                   std::size_t count, const float** logits) {
  return guarded([&] {
    const auto result = required(session, "session").session.advance(ids_of(ids, count));
    if (logits != nullptr) *logits = result.data();
  });
}

cellm_status cellm_session_advance_all(cellm_session* session, const std::uint32_t* ids,
                                       std::size_t count, float* logits) {
  return guarded([&] {
    float* out = &required(logits, "logits");
    required(session, "session")
        .session.advance_each(ids_of(ids, count), [&](std::size_t i, std::span<const float> row) {
          std::copy(row.begin(), row.end(), out + i * row.size());
        });
  });
}

cellm_status cellm_session_snapshot(const cellm_session* session, cellm_snapshot** snapshot) {
  return guarded([&] {
    const cellm_session& from = required(session, "session");
    cellm_snapshot*& out = required(snapshot, "snapshot");
    out = new cellm_snapshot{from.loaded, from.session.snapshot()};
  });
}

cellm_status cellm_session_restore(cellm_session* session, const cellm_snapshot* snapshot) {
  return guarded([&] {
    required(session, "session").session.restore(required(snapshot, "snapshot").snapshot);
  });
}

std::size_t cellm_snapshot_position(const cellm_snapshot* snapshot) {
  return snapshot == nullptr ? 0 : snapshot->snapshot.position();
}

void cellm_snapshot_free(cellm_snapshot* snapshot) {
  delete snapshot;
}

cellm_status cellm_session_save(const cellm_session* session, const char* path) {
  return guarded([&] {
    const cellm_session& from = required(session, "session");
    from.session.save(&required(path, "path"), from.loaded->engine.opened().checksum());
  });
}

cellm_status cellm_session_load(cellm_session* session, const char* path) {
  return guarded([&] {
    cellm_session& to = required(session, "session");
    to.session.load(&required(path, "path"), to.loaded->engine.opened().checksum());
  });
}
