// Exit codes of the programs (docs/cli.md).
#pragma once

namespace cellm {

inline constexpr int kExitOther = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitData = 3;
inline constexpr int kExitUnsupported = 4;
inline constexpr int kExitResources = 5;
inline constexpr int kExitInterrupted = 130;  // the shells' code for a program ended by Ctrl-C

}  // namespace cellm
