// Writing a folder of model.safetensors and small files beside it.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "io/flat_writer.h"

namespace cellm {

// The folder appears under its name when it is whole: it is written as NAME.PID.tmp beside it,
// which a destroyed writer without finish() removes. Blobs are its other files, kept in memory
// until then.
class FolderWriter final : public PayloadWriter {
 public:
  // `model` is the file model.safetensors. Throws Error(kUsage) for a path that exists and is no
  // empty folder, and the errors of FlatWriter.
  FolderWriter(const std::filesystem::path& path, FlatFile model, std::vector<std::string> names);
  ~FolderWriter() override;

  void append_tensor(std::size_t index, std::span<const std::byte> bytes) override;
  void append_blob(std::size_t index, std::span<const std::byte> bytes) override;
  void finish() override;

 private:
  std::filesystem::path path_;
  std::filesystem::path temporary_;
  std::vector<std::string> names_;
  std::vector<std::string> blobs_;  // one for each of names_
  std::optional<FlatWriter> model_;
};

}  // namespace cellm
