#include "io/folder_file.h"

#include "base/advice.h"
#include "base/test_files.h"

namespace cellm {
namespace {

namespace fs = std::filesystem;

class FolderFile : public ::testing::Test {
 protected:
  void refuse(const fs::path& folder, const char* name, const char* part) {
    expect_error(ErrorKind::kData, part, [&] { file_in_folder(folder, name, Links::kInside); });
  }

  void refuse_link(const fs::path& folder, const char* name) {
    expect_advice(AdviceKind::kFollowLinks, [&] { file_in_folder(folder, name, Links::kInside); });
  }

  const TestFolder test_;
  const fs::path& root_ = test_.path();
};

TEST_F(FolderFile, FilesAndLinksInsideAreFine) {
  fs::create_directories(root_ / "model" / "deep");
  test_.write("model/a", "a");
  test_.write("model/deep/b", "b");
  fs::create_symlink("a", root_ / "model" / "c");
  fs::create_symlink("deep/../deep/b", root_ / "model" / "d");
  fs::create_symlink(fs::canonical(root_) / "model" / "a", root_ / "model" / "e");
  fs::create_directory_symlink("model", root_ / "link");
  for (const fs::path& folder :
       {root_ / "model", root_ / "link", root_ / "model" / "deep" / ".."}) {
    for (const char* name : {"a", "c", "d", "e", "not there"}) {
      EXPECT_EQ(file_in_folder(folder, name, Links::kInside), folder / name);
    }
  }
}

TEST_F(FolderFile, LinksOutOfTheFolderNeedPermission) {
  fs::create_directories(root_ / "model");
  fs::create_directories(root_ / "model2");  // has the folder's name as a prefix
  test_.write("secret", "s");
  test_.write("model2/secret", "s");
  fs::create_symlink("../secret", root_ / "model" / "up");
  fs::create_symlink("../model2/secret", root_ / "model" / "beside");
  fs::create_symlink("/etc/passwd", root_ / "model" / "absolute");
  fs::create_symlink("up", root_ / "model" / "twice");
  fs::create_directory_symlink("../model2", root_ / "model" / "folder");
  fs::create_symlink("folder/secret", root_ / "model" / "through");
  for (const char* name : {"up", "beside", "absolute", "twice", "through"}) {
    refuse_link(root_ / "model", name);
    refuse(root_ / "model", name, "a symbolic link out of the model's folder, to /");
    EXPECT_EQ(file_in_folder(root_ / "model", name, Links::kFollow), root_ / "model" / name);
  }
}

TEST_F(FolderFile, LinksThatLeadNowhereAreNotTakenForMissing) {
  fs::create_symlink("gone", root_ / "dangling");
  fs::create_symlink("loop", root_ / "loop");
  for (const char* name : {"dangling", "loop"}) {
    refuse(root_, name, "leads nowhere");
    expect_error(ErrorKind::kData, "leads nowhere",
                 [&] { file_in_folder(root_, name, Links::kFollow); });
  }
}

TEST_F(FolderFile, ASnapshotOfTheHubLinksToItsOwnBlobs) {
  const fs::path repository = root_ / "hub" / "models--Qwen--Qwen3-0.6B";
  const fs::path snapshot = repository / "snapshots" / "c1899de289a04d12100db370d81485cdf75e47ca";
  fs::create_directories(snapshot / "onnx");
  fs::create_directories(repository / "blobs");
  fs::create_directories(root_ / "hub" / "models--other--model" / "blobs");
  test_.write("hub/models--Qwen--Qwen3-0.6B/blobs/1234", "{}");
  test_.write("hub/models--Qwen--Qwen3-0.6B/secret", "s");
  test_.write("hub/models--other--model/blobs/5678", "{}");
  fs::create_symlink("../../blobs/1234", snapshot / "config.json");
  fs::create_symlink("../../../blobs/1234", snapshot / "onnx" / "config.json");
  EXPECT_EQ(file_in_folder(snapshot, "config.json", Links::kInside), snapshot / "config.json");
  EXPECT_EQ(file_in_folder(snapshot / "onnx", "config.json", Links::kInside),
            snapshot / "onnx" / "config.json");

  fs::create_symlink("../../../models--other--model/blobs/5678", snapshot / "other");
  fs::create_symlink("../../secret", snapshot / "repository");
  refuse_link(snapshot, "other");
  refuse_link(snapshot, "repository");
  // A blobs folder that is itself a link leads elsewhere.
  fs::rename(repository / "blobs", root_ / "elsewhere");
  fs::create_directory_symlink(root_ / "elsewhere", repository / "blobs");
  refuse_link(snapshot, "config.json");

  // The same layout without the names of the hub is not a cache.
  fs::create_directories(root_ / "x" / "snapshots" / "y");
  fs::create_directories(root_ / "x" / "blobs");
  test_.write("x/blobs/1", "{}");
  fs::create_symlink("../../blobs/1", root_ / "x" / "snapshots" / "y" / "config.json");
  refuse_link(root_ / "x" / "snapshots" / "y", "config.json");
}

TEST_F(FolderFile, NamesAreSorted) {
  test_.write("b", "");
  test_.write("a", "");
  fs::create_directory(root_ / "c");
  EXPECT_EQ(names_in_folder(root_), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_TRUE(names_in_folder(root_ / "c").empty());
  expect_error(ErrorKind::kData, "none: cannot read this folder",
               [&] { names_in_folder(root_ / "none"); });
  expect_error(ErrorKind::kData, "a: cannot read this folder",
               [&] { names_in_folder(root_ / "a"); });
}

}  // namespace
}  // namespace cellm
