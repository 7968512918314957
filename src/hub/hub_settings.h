// Addresses of the hub and its caches, and the access token: from the environment, with the
// variables and defaults of huggingface_hub.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "hub/http.h"

namespace cellm {

struct HubSettings {
  std::string endpoint;                 // without a slash at the end
  std::string token;                    // sent to the endpoint only; empty: none
  bool offline = false;                 // open no connection
  std::filesystem::path cache;          // the hub's, shared with other programs
  std::filesystem::path conversions;    // cellm's own: converted models
  Certificates certificates;            // for https
  std::uint64_t part_bytes = 16 << 20;  // of a file that are asked for at once
};

// HF_ENDPOINT; HF_TOKEN or HUGGING_FACE_HUB_TOKEN, else the file HF_TOKEN_PATH or HF_HOME/token,
// unless HF_HUB_DISABLE_IMPLICIT_TOKEN is set; HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE;
// HF_HUB_CACHE, HUGGINGFACE_HUB_CACHE or HF_HOME/hub, where HF_HOME is XDG_CACHE_HOME/huggingface
// unless it is set; XDG_CACHE_HOME/cellm. Without XDG_CACHE_HOME its place is ~/.cache. Authorities
// are those of REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE, a file or a folder, else of SSL_CERT_FILE and
// SSL_CERT_DIR. Throws Error(kUsage) for a token that cannot be one and for authorities that are
// not there, Error(kData) for a token file that cannot be read.
HubSettings hub_settings_from_environment();

}  // namespace cellm
