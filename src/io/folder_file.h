// Lookup of files in a model's folder. A folder from a third party may contain symbolic links to
// anywhere; following them could copy a private file into a converted model.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace cellm {

enum class Links {
  kInside,  // refuse symbolic links that lead out of the folder
  kFollow,  // the folder is trusted (--follow-links)
};

// The path of the file `name` (without slashes) in a folder, whether it exists or not. Throws
// Error(kData) for a dangling symbolic link and, unless links are followed, for one that leads out
// of the folder. A snapshot in the Hugging Face hub cache, models--X/snapshots/Y, consists of links
// to models--X/blobs; these belong to the same model and are allowed.
//
// The check assumes that the folder does not change: a process that can replace files while cellm
// reads them can also read them.
std::filesystem::path file_in_folder(const std::filesystem::path& folder, std::string_view name,
                                     Links links);

// The names of the entries of a folder, sorted. Throws Error(kData) for one that cannot be read.
// std::filesystem::directory_iterator is no alternative: it ends the process when memory is short.
std::vector<std::string> names_in_folder(const std::filesystem::path& folder);

}  // namespace cellm
