// Harnesses for what the hub sends: descriptions of repositories, and headers.

#include <algorithm>
#include <set>
#include <string>
#include <string_view>

#include "base/limits.h"
#include "harness.h"
#include "hub/headers.h"
#include "hub/http.h"
#include "hub/hub_name.h"
#include "hub/repository.h"
#include "mutate.h"

namespace cellm::fuzz {
namespace {

void check_revision(Bytes input) {
  const Revision revision = parse_revision(text_of(input), "input");
  require(is_commit(revision.commit), "a revision is a commit");
  require(std::is_sorted(revision.files.begin(), revision.files.end()) &&
              std::set<std::string>(revision.files.begin(), revision.files.end()).size() ==
                  revision.files.size(),
          "files are sorted and distinct");
  for (const std::string& file : revision.files) {
    require(is_repository_path(file) && file[0] != '/' && file.find("..") != 0,
            "a path stays inside of the repository");
  }
  for (const std::string& file : revision.files) {
    if (!file.ends_with(".gguf")) continue;
    const auto parts = select_gguf(revision.files, file, "input");
    require(std::find(parts.begin(), parts.end(), file) != parts.end(),
            "a file is a part of itself");
    break;
  }
  const Selection selection = select_folder(revision.files, "input");
  require(std::includes(revision.files.begin(), revision.files.end(), selection.files.begin(),
                        selection.files.end()),
          "chosen files are there");
}

std::string mutate_revision(const std::string& input, Random& random) {
  constexpr std::string_view kKeys[] = {"sha", "siblings", "rfilename"};
  return mutate_json_text(input, kKeys, random);
}

// Lines are headers, and each is a name and an address besides.
void run_headers(Bytes input) {
  HttpHeaders headers;
  std::string_view rest = text_of(input);
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (!headers.add(line)) return;
    if (const auto name = parse_hub_name(line))
      require(parse_hub_name(hub_name_text(*name)) == name, "a name is read as it is written");
    const std::string target = resolve_location("https://a/b", line);
    require(target.empty() || !origin_of(target).empty(), "an address has an origin");
  }
  if (const auto range = parse_content_range(headers.find("content-range"))) {
    require(range->begin < range->end && range->end <= range->total, "a range lies in its total");
  }
  const std::string etag = etag_value(headers.find("etag"));
  require(!is_blob_name(etag) || is_repository_path(etag), "a blob is named by digits");
  (void)is_strong_etag(headers.find("etag"));
}

}  // namespace

constinit const Harness kHubRevision{"hub_revision", check_revision, mutate_revision};
constinit const Harness kHubHeaders{"hub_headers", run_headers};

}  // namespace cellm::fuzz
