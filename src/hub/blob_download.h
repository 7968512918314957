// Downloads the content of one file into the cache.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "hub/hub_cache.h"
#include "hub/hub_client.h"

namespace cellm {

// Downloads `file` of a commit to cache.blob(file.hash), which appears when its checksum has been
// verified. Files of more than `part_bytes` come over several connections. A broken download goes
// on where it ended, if the server still has the same content by its ETag. `progress` gets the
// bytes so far and may throw, as Cancelled does; what is there is kept then. The caller holds the
// blob's lock. Throws Error(kData) for a wrong checksum, size or answer and removes what was
// downloaded, Error(kResources) on a full disk, Error(kOther) if the connection fails repeatedly.
void download_blob(HubClient& client, const RepositoryCache& cache, const std::string& commit,
                   const RemoteFile& file, std::uint64_t part_bytes,
                   const std::function<void(std::uint64_t)>& progress);

}  // namespace cellm
