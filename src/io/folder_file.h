// Which files belong to a model's folder. A folder that someone else packed may hold symbolic links
// to anywhere; read without a look, they would carry a private file into a converted model.
#pragma once

#include <filesystem>
#include <string_view>

namespace cellm {

enum class Links {
  kInside,  // refuse a symbolic link that leads out of the model's folder
  kFollow,  // the user vouches for the folder (--follow-links)
};

// The path of the file `name` (without slashes) of a folder, whether it is there or not. Throws
// Error(kData) for a symbolic link that leads nowhere and, unless links are followed, for one that
// leads out of the folder. A folder in the cache of Hugging Face's hub, models--X/snapshots/Y, is
// made of links to models--X/blobs; these lead to the same model and count as inside.
//
// This is about folders at rest: who can exchange files while cellm reads them can also read them.
std::filesystem::path file_in_folder(const std::filesystem::path& folder, std::string_view name,
                                     Links links);

}  // namespace cellm
