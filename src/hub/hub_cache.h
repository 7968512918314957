// The cache of the hub on disk, in the layout of huggingface_hub:
//
//   models--ORG--NAME/blobs/HASH                  contents, named by their checksum
//   models--ORG--NAME/snapshots/COMMIT/FILE       relative links to blobs
//   models--ORG--NAME/refs/REVISION               the commit of a branch or tag
//   .locks/models--ORG--NAME/HASH.lock            held while a blob is written
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "hub/hub_name.h"

namespace cellm {

struct RepositoryCache {
  std::filesystem::path folder;  // models--ORG--NAME
  std::filesystem::path locks;

  std::filesystem::path blob(const std::string& hash) const { return folder / "blobs" / hash; }
  // The downloaded parts of a blob (hub/part_file.h). A name of cellm's own: other programs expect
  // the first bytes of the blob or nothing in theirs.
  std::filesystem::path unfinished(const std::string& hash) const {
    return folder / "blobs" / (hash + ".cellm.incomplete");
  }
  std::filesystem::path snapshot(const std::string& commit) const {
    return folder / "snapshots" / commit;
  }
  std::filesystem::path lock(const std::string& hash) const { return locks / (hash + ".lock"); }
};

RepositoryCache repository_cache(const std::filesystem::path& cache, const std::string& repository);

// "ORG/NAME" of the folder "models--ORG--NAME"; empty for other names.
std::string repository_of_folder(const std::string& folder_name);

// The commit of a revision by the cache alone; empty if it is not known.
std::optional<std::string> cached_commit(const RepositoryCache& cache, const std::string& revision);
// Does nothing for a commit and for what is there already. Atomic.
void write_ref(const RepositoryCache& cache, const std::string& revision,
               const std::string& commit);

// Links a file of a snapshot to its blob, which exists. Atomic; replaces a link to another blob.
void link_file(const RepositoryCache& cache, const std::string& commit, const std::string& file,
               const std::string& hash);

// The files of a folder and of those inside, as paths with slashes, sorted; links that lead nowhere
// are left out. Empty for a folder that is not there.
std::vector<std::string> files_in(const std::filesystem::path& folder);

// Makes a folder and those around it. Throws Error(kData), or Error(kResources) on a full disk.
void make_folders(const std::filesystem::path& folder);

// Marks a folder as one of a cache, for programs that make backups, as huggingface_hub does.
void write_cache_tag(const std::filesystem::path& cache);

}  // namespace cellm
