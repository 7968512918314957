#include "serve/access.h"

#include <filesystem>
#include <fstream>
#include <unistd.h>

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/test_files.h"

namespace cellm {
namespace {

namespace fs = std::filesystem;

TEST(Access, KeysAreWholeAndExact) {
  const ApiKeys keys({"sk-0123456789abcdef", "another-key-of-length"});
  EXPECT_TRUE(keys.contains("sk-0123456789abcdef"));
  EXPECT_TRUE(keys.contains("another-key-of-length"));
  for (const char* wrong : {"", "sk-0123456789abcde", "sk-0123456789abcdefg", "SK-0123456789ABCDEF",
                            "sk-0123456789abcdef\n"}) {
    EXPECT_FALSE(keys.contains(wrong)) << wrong;
  }
  EXPECT_TRUE(ApiKeys().empty());
  EXPECT_FALSE(ApiKeys().contains(""));
}

TEST(Access, AFileOfKeysIsForItsOwner) {
  const fs::path path = fs::path(::testing::TempDir()) / "cellm_keys_test";
  std::ofstream(path) << "sk-0123456789abcdef\r\n\nanother-key-of-length";
  fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write);
  const ApiKeys keys = ApiKeys::load(path);
  EXPECT_TRUE(keys.contains("sk-0123456789abcdef"));
  EXPECT_TRUE(keys.contains("another-key-of-length"));
  fs::permissions(path, fs::perms::group_read, fs::perm_options::add);
  expect_error(ErrorKind::kData, "chmod 600", [&] { ApiKeys::load(path); });
  fs::remove(path);
  expect_error(ErrorKind::kUsage, "cannot be read", [&] { ApiKeys::load(path); });
}

TEST(Access, AFileOfKeysMayBeAnotherUsersAndReadByAGroup) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to give a file away";
  const fs::path path = fs::path(::testing::TempDir()) / "cellm_group_keys_test";
  std::ofstream(path) << "sk-0123456789abcdef";
  fs::permissions(path, fs::perms::owner_read | fs::perms::group_read);
  ASSERT_EQ(::chown(path.c_str(), 65534, 0), 0);
  EXPECT_TRUE(ApiKeys::load(path).contains("sk-0123456789abcdef"));
  for (const fs::perms more : {fs::perms::group_write, fs::perms::others_read}) {
    fs::permissions(path, fs::perms::owner_read | fs::perms::group_read | more);
    expect_error(ErrorKind::kData, "chmod 600", [&] { ApiKeys::load(path); });
  }
  fs::remove(path);
}

TEST(Access, BearerKeys) {
  EXPECT_EQ(bearer_key("Bearer abc"), "abc");
  EXPECT_EQ(bearer_key("bearer abc"), "abc");
  EXPECT_EQ(bearer_key("Bearer "), "");
  EXPECT_EQ(bearer_key("Basic abc"), "");
  EXPECT_EQ(bearer_key(""), "");
}

TEST(Access, HostsOfAuthorities) {
  EXPECT_EQ(host_of("Example.ORG:80"), "example.org");
  EXPECT_EQ(host_of("[::1]:8080"), "::1");
  EXPECT_EQ(host_of("localhost"), "localhost");
  for (const char* wrong : {"", "a b", "x:y", "[::1", "[::1]x", "a:1:2", "u@h", "a/b"}) {
    EXPECT_EQ(host_of(wrong), "") << wrong;
  }
}

TEST(Access, NamesThatAnAttackerMayOwnAreForeign) {
  const Hosts hosts{{"llm.example"}, {}};
  for (const char* known : {"localhost", "localhost:1", "127.0.0.1", "10.0.0.7:80", "[fe80::1]",
                            "llm.example:443", "LLM.example"}) {
    EXPECT_TRUE(is_known_host(hosts, known)) << known;
  }
  for (const char* foreign : {"", "evil.example", "localhost.evil.example", "1.evil.example",
                              "127.0.0.1.nip.io", "0x7f.1", "llm.example.evil"}) {
    EXPECT_FALSE(is_known_host(hosts, foreign)) << foreign;
  }
}

TEST(Access, Origins) {
  const Hosts hosts{{"llm.example"}, {"https://chat.example"}};
  const char* here = "llm.example:80";
  EXPECT_EQ(check_origin(hosts, "", here), OriginCheck::kNone);
  EXPECT_EQ(check_origin(hosts, "http://llm.example:80", here), OriginCheck::kOwn);
  EXPECT_EQ(check_origin(hosts, "http://localhost:3000", here), OriginCheck::kOwn);
  EXPECT_EQ(check_origin(hosts, "https://chat.example", here), OriginCheck::kAllowed);
  for (const char* foreign : {"null", "https://chat.example:444", "http://chat.example", "file://",
                              "https://evil.example", "http://localhost.evil", "localhost",
                              "http://10.0.0.1", "http://llm.example:81"}) {
    EXPECT_EQ(check_origin(hosts, foreign, here), OriginCheck::kForeign) << foreign;
  }
  EXPECT_NO_THROW(require_origin("https://chat.example:8443"));
  for (const char* wrong : {"chat.example", "*", "https://", "https://x/y", "ftp://x"}) {
    EXPECT_THROW(require_origin(wrong), Error) << wrong;
  }
}

TEST(Access, LoopbackNames) {
  for (const char* name : {"localhost", "127.0.0.1", "127.9.9.9", "::1"}) {
    EXPECT_TRUE(is_loopback_name(name)) << name;
  }
  for (const char* name : {"0.0.0.0", "::", "10.0.0.1", "example.org", "128.0.0.1", ""}) {
    EXPECT_FALSE(is_loopback_name(name)) << name;
  }
}

}  // namespace
}  // namespace cellm
