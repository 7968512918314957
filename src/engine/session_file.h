// Session files: a sequence with its state, to be continued in another process
// (docs/session-file.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/mapped_file.h"
#include "engine/batch.h"

namespace cellm {

inline constexpr std::uint32_t kSessionFileVersion = 1;

// Writes the file atomically, readable by its owner only. model_checksum: of the model's files.
// Throws Error(kResources) for a full disk, Error(kData) for a path that cannot be written.
void save_session(const Snapshot& snapshot, std::uint64_t model_checksum,
                  const std::filesystem::path& path);

// The sequence of a file: its next logits are, bit by bit, what they would have been without the
// file. Throws Error(kUsage) for a file of another model, CPU target, activations, KV encoding,
// block size or number of layers, or more tokens than `options` allow; Error(kUnsupported) for a
// another version; Error(kData) for a file that is no session file or is damaged; Error(kResources)
// if the state does not fit into memory.
Snapshot load_session(const Engine& engine, std::uint64_t model_checksum,
                      const SequenceOptions& options, const std::filesystem::path& path);

// The facts that a file must share with the engine that reads it, besides SequenceOptions.
struct SessionFacts {
  std::uint64_t model_checksum = 0;
  std::string target;       // CPU target
  std::string activations;  // as options name them
};

SessionFacts session_facts(const Engine& engine, std::uint64_t model_checksum);

// The format by itself. `put` takes the bytes of the file in order.
void write_session(const Sequence& sequence, const SessionFacts& facts,
                   const std::function<void(std::span<const std::byte>)>& put);
std::uint64_t session_file_bytes(const Sequence& sequence, const SessionFacts& facts);
Sequence read_session(const MappedFile& file, const SessionFacts& expected,
                      const ModelConfig& config, const SequenceOptions& options);
// Its tokens alone, without reading the rest: damage there is not noticed. Throws what
// load_session() throws.
std::vector<std::uint32_t> read_session_tokens(const MappedFile& file, const SessionFacts& expected,
                                               const ModelConfig& config,
                                               const SequenceOptions& options);

}  // namespace cellm
