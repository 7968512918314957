// The hub's description of a repository, and the choice of the files that a model needs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cellm {

// A repository at a commit.
struct Revision {
  std::string commit;
  std::vector<std::string> files;  // paths with slashes, sorted
};

// Reads the hub's description of a revision: the members "sha" and "siblings". Throws Error(kData),
// naming `source`, for anything but a commit and paths that stay inside of the repository.
Revision parse_revision(std::string_view json, const std::string& source);

// The files of a model.
struct Selection {
  std::vector<std::string> files;  // sorted; the weights are among them unless there is an index
  std::string index;  // *.safetensors.index.json, which names the weights; also among the files
};

// The files of a Hugging Face folder that cellm and other programs read: configuration, tokenizer,
// chat template and weights in safetensors, those that io/hf_folder.h would choose. Throws
// Error(kUnsupported), naming `source`, if there is none to choose, with what there is instead.
Selection select_folder(const std::vector<std::string>& files, const std::string& source);

// A .gguf file of a repository, with all parts if it is one of several
// (NAME-00001-of-00003.gguf); the first part comes first. Throws Error(kData), naming `source` and
// the .gguf files that there are.
std::vector<std::string> select_gguf(const std::vector<std::string>& files, const std::string& file,
                                     const std::string& source);

}  // namespace cellm
