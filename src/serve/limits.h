// Limits on clients of the server. They bound the memory and threads that strangers can take, with
// a valid key or without.
#pragma once

#include <chrono>
#include <cstddef>

namespace cellm {

// Connections

// Each has a thread while it is open.
inline constexpr std::size_t kMaxConnections = 256;
// Request line and headers together; browsers and clients send about 1 KB.
inline constexpr std::size_t kMaxHeadBytes = 32768;
// From the first byte of a request to the end of its headers, and from there to the end of its
// body.
inline constexpr std::chrono::seconds kHeadTimeLimit{10};
inline constexpr std::chrono::seconds kBodyTimeLimit{60};
// Without a request on an open connection.
inline constexpr std::chrono::seconds kIdleTime{15};
// For a client to take what is written: so long, and as much longer as the bytes need at this rate.
inline constexpr std::chrono::seconds kWriteTime{30};
inline constexpr std::size_t kWriteBytesPerSecond = 16384;
// Limits of reading on from a client that was refused, so that it sees the refusal.
inline constexpr std::chrono::seconds kLingerTime{2};
inline constexpr std::size_t kMaxLingerBytes = std::size_t{16} << 20;
inline constexpr std::size_t kMaxRequestsOfConnection = 1000;

// Requests

// The ids of a prompt of 262,144 tokens take 2 MB as JSON.
inline constexpr std::size_t kMaxBodyBytes = std::size_t{8} << 20;
// Of all requests together. JSON takes a multiple of it when parsed.
inline constexpr std::size_t kMaxBodyBytesTogether = std::size_t{32} << 20;
inline constexpr std::size_t kMaxMessages = 4096;
inline constexpr std::size_t kMaxPrompts = 2048;      // of one request; OpenAI's limit
inline constexpr std::size_t kMaxAnswers = 128;       // n; OpenAI's limit
inline constexpr std::size_t kMaxAnswerTexts = 2048;  // prompts times n
inline constexpr std::size_t kMaxChatLogprobs = 20;   // alternatives with each token
inline constexpr std::size_t kMaxLogitBiases = 1024;
inline constexpr std::size_t kMaxResponseFields = 256;
inline constexpr std::size_t kMaxAnswerChoices = 65536;  // texts that an answer may be

// Keys and names

inline constexpr std::size_t kMaxKeyFileBytes = std::size_t{1} << 20;
inline constexpr std::size_t kMaxKeys = 4096;
inline constexpr std::size_t kMinKeyBytes = 16;
inline constexpr std::size_t kMaxKeyBytes = 512;

// Time

// Silence in a stream after which a comment is sent, so that proxies keep it open.
inline constexpr std::chrono::seconds kStreamSilence{10};
// Between two looks at whether the client is still there.
inline constexpr std::chrono::milliseconds kPollTime{50};

}  // namespace cellm
