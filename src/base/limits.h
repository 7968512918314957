// Limits on files and arguments.
//
// Each limit is far above what real models need, and low enough that any input below it is cheap:
// before a reader refuses an input it takes memory of at most a small multiple of the input's size
// and about a second per megabyte (docs/security.md). Counts in a file are checked against the
// remaining bytes before anything is allocated; these limits bound the rest.
#pragma once

#include <cstddef>
#include <cstdint>

namespace cellm {

// Files and headers

// A safetensors or .cellm header: the reference implementation of safetensors has the same limit,
// and 131,072 tensors take about 20 MB.
inline constexpr std::uint32_t kMaxHeaderBytes = 100'000'000;
// JSON and text files other than the tokenizer: the index of the largest model has 10 MB.
inline constexpr std::size_t kMaxTextBytes = std::size_t{64} << 20;
// tokenizer.json: the largest published ones have 35 MB.
inline constexpr std::size_t kMaxTokenizerBytes = std::size_t{256} << 20;
// Weight files in a folder: the largest models have some hundreds.
inline constexpr std::size_t kMaxShards = 4096;
// Standard input: a prompt or a list of texts.
inline constexpr std::size_t kMaxStdinBytes = std::size_t{1} << 30;

// Evaluation texts and multiple-choice items: tokens and scores of more would not fit into memory
// beside a model.
inline constexpr std::size_t kMaxEvalTextBytes = std::size_t{1} << 30;
inline constexpr std::size_t kMaxChoiceFileBytes = std::size_t{1} << 30;
inline constexpr std::size_t kMaxChoices = 256;  // of one item; benchmarks have 2 to 26
// A calibration text, of which a small part is used.
inline constexpr std::size_t kMaxCalibrationBytes = std::size_t{1} << 28;
// A stored step of a study: the largest, 40 texts of 65,536 tokens, has about 16 MB.
inline constexpr std::size_t kMaxStepBytes = std::size_t{64} << 20;
// Names in a session file: of a CPU target, an encoding, a kind of activations.
inline constexpr std::size_t kMaxSessionNameBytes = 32;

// Threads of one pool: more than any machine has cores, and few enough that all start.
inline constexpr unsigned kMaxThreads = 1024;

// Generation

// Stop strings, and likewise DRY's sequence breakers: a byte of the answer is compared with each.
inline constexpr std::size_t kMaxStopStrings = 64;
inline constexpr std::size_t kMaxStopStringBytes = 4096;
// Alternatives reported with a token; OpenAI's interface allows 20.
inline constexpr std::size_t kMaxTopLogprobs = 1000;

// Constrained text

// A JSON schema or grammar as text; the largest published schemas have 1 MB, most of it comments.
inline constexpr std::size_t kMaxConstraintBytes = std::size_t{2} << 20;
// Nodes and edges of a compiled grammar, 16 bytes each.
inline constexpr std::size_t kMaxGrammarParts = std::size_t{1} << 21;
inline constexpr std::size_t kMaxGrammarNesting = 100;  // groups in groups, schemas in schemas
inline constexpr std::uint32_t kMaxGrammarRepeat = 1'000'000'000;
// Schemas compiled, those of references once; conjunctions made one schema; alternatives of oneOf,
// of which each pair is compared; the name of a property that others are to differ from.
inline constexpr std::size_t kMaxSchemas = 100'000;
inline constexpr std::size_t kMaxSchemaMerges = 20'000;
inline constexpr std::size_t kMaxOneOf = 1000;
inline constexpr std::size_t kMaxPropertyBytes = 1024;
// A pattern whose length is bounded too becomes a table of both.
inline constexpr std::size_t kMaxPatternStates = 4096;
inline constexpr std::size_t kMaxPatternTable = std::size_t{1} << 17;
// Places of a grammar that a text may be in at once: unambiguous grammars have few.
inline constexpr std::size_t kMaxGrammarItems = std::size_t{1} << 14;
// Steps for the tokens that may come next: a vocabulary of 250,000 takes up to 2 million. 100
// million take about a second.
inline constexpr std::size_t kMaxMaskSteps = 100'000'000;
// States and sets of tokens kept for a grammar and a vocabulary.
inline constexpr std::size_t kMaxMaskStateBytes = std::size_t{64} << 20;
inline constexpr std::size_t kMaxMaskBytes = std::size_t{64} << 20;
// Constraints kept for texts that use them again.
inline constexpr std::size_t kMaxKeptConstraints = 16;

// The Hugging Face hub

// Half of a name, by the hub's own rule.
inline constexpr std::size_t kMaxHubNameBytes = 96;
// A path in a repository, a branch or a tag.
inline constexpr std::size_t kMaxHubFileNameBytes = 512;
inline constexpr std::size_t kMaxHubTokenBytes = 4096;  // real ones have 37
inline constexpr std::size_t kMaxHubRefBytes = 64;      // a commit has 40
// Addresses signed for a limited time have about 1,500 bytes.
inline constexpr std::size_t kMaxHubUrlBytes = 16384;
inline constexpr std::size_t kMaxHubHeaderBytes = 65536;  // of one response; real ones have 5,000
inline constexpr std::size_t kMaxHubEtagBytes = 256;
// The description of a repository: 100,000 files take 8 MB.
inline constexpr std::size_t kMaxHubReplyBytes = std::size_t{32} << 20;
inline constexpr std::size_t kMaxHubFiles = 1 << 18;
inline constexpr std::uint64_t kMaxHubFileBytes = std::uint64_t{1} << 42;
// Parts of a file that are downloaded on their own; larger files have larger parts.
inline constexpr std::uint64_t kMaxHubParts = 1 << 16;
inline constexpr int kMaxHubRedirects = 8;
inline constexpr std::size_t kHubConnections = 4;  // for the parts of a file
// Attempts without a byte received between them, and the longest wait between two.
inline constexpr int kHubAttempts = 5;
inline constexpr unsigned kMaxHubWaitSeconds = 30;
// Downloads of a file begun anew, since it changed meanwhile.
inline constexpr int kMaxHubRestarts = 3;
// libcurl takes these as long: until a connection is there, and without a byte on one that is.
inline constexpr long kHubConnectSeconds = 20;
inline constexpr long kHubSilenceSeconds = 30;

// JSON

// Nesting of arrays and objects; model files use 6. Readers recurse no deeper.
inline constexpr int kMaxJsonDepth = 64;
// Values of all kinds in one document: a table of 131,072 tensors has 2 million. A value of two
// bytes of text takes twenty times as much memory.
inline constexpr std::size_t kMaxJsonValues = 1 << 23;
// Elements of one array; the longest in use is a prompt of ids.
inline constexpr std::size_t kMaxJsonElements = 1 << 22;

// Tensors

inline constexpr std::size_t kMaxTensors = 1 << 17;  // in a file; 480B mixture models have 95k
inline constexpr std::size_t kMaxBlobs = 64;         // in a .cellm file; cellm writes 3
inline constexpr std::size_t kMaxDimensions = 8;     // convolutions have 5
inline constexpr std::uint64_t kMaxDimension = std::uint64_t{1} << 40;
inline constexpr std::size_t kMaxTensorNameBytes = 512;  // real names have up to 120

// GGUF; the names' limits are those of the format

inline constexpr std::size_t kMaxGgufKeys = 1U << 16;  // real files have 50
inline constexpr std::size_t kMaxGgufKeyBytes = 65535;
inline constexpr std::size_t kMaxGgufTensorNameBytes = 64;
inline constexpr std::size_t kMaxGgufDimensions = 4;
inline constexpr int kMaxGgufArrayDepth = 4;  // arrays inside arrays; real files have none
inline constexpr std::size_t kMaxGgufAlignment = 1U << 20;

// Configurations: above any model, and low enough that products of two fit into 64 bits with room
// for a third

inline constexpr std::uint64_t kMaxVocabRows = 1 << 24;  // of the embedding
inline constexpr std::uint64_t kMaxWidth = 1 << 20;      // hidden and intermediate sizes
inline constexpr std::uint64_t kMaxLayers = 4096;
inline constexpr std::uint64_t kMaxHeads = 4096;
inline constexpr std::uint64_t kMaxHeadDim = 4096;
inline constexpr std::uint64_t kMaxConvKernel = 64;
inline constexpr std::uint64_t kMaxPositions = std::uint64_t{1} << 31;
inline constexpr std::uint64_t kMaxTopK = 1U << 28;
inline constexpr std::size_t kMaxEosIds = 64;
inline constexpr double kMaxEpsilon = 1.0;
// Rope bases and factors: wide enough for any model, and far from overflowing a float.
inline constexpr double kMinRope = 1e-6;
inline constexpr double kMaxRope = 1e15;

// Tokenizers; the largest published vocabularies have about 260,000 pieces

inline constexpr std::size_t kMaxTokenIds = std::size_t{1} << 21;
// Ids without a piece, below the highest id: tables have an entry for every id, so a few pieces
// must not require many ids. Real vocabularies have no gaps.
inline constexpr std::size_t kMaxUnusedIds = std::size_t{1} << 16;
inline constexpr std::size_t kMaxMerges = std::size_t{1} << 21;
inline constexpr std::size_t kMaxAddedTokens = std::size_t{1} << 16;
inline constexpr std::size_t kMaxPieceBytes = 4096;  // real: 256, runs of spaces
inline constexpr std::size_t kMaxAddedTokenBytes = 512;
inline constexpr std::size_t kMaxPatternBytes = 16384;  // real: 300
inline constexpr std::size_t kMaxPreTokenizerSteps = 32;
inline constexpr std::size_t kMaxBosTokens = 16;
// Prefixes of tokens, of 12 bytes each; a vocabulary of 250,000 has 700,000.
inline constexpr std::size_t kMaxTrieNodes = std::size_t{1} << 26;
// Entries of template, normalizer and decoder lists, of which files have a handful.
inline constexpr std::size_t kMaxTokenizerParts = 1024;
// Positions in a text are 32 bits wide.
inline constexpr std::size_t kMaxEncodedBytes = std::size_t{1} << 31;

// Regular expressions. PCRE2 limits the steps of one match attempt at one position (a million take
// 10 to 50 ms); cellm also limits the total time, checked between attempts. A pattern that exceeds
// the limits on a text is refused.

// Steps of an attempt: a constant, plus steps per byte of the text, since a match may cover all of
// it.
inline constexpr std::uint64_t kMatchSteps = 1'000'000;
inline constexpr std::uint64_t kMatchStepsPerByte = 8;
inline constexpr std::uint64_t kMaxMatchSteps = 10'000'000;
// Memory for backtracking, likewise.
inline constexpr std::size_t kMatchStackBytes = std::size_t{64} << 20;
inline constexpr std::size_t kMatchStackBytesPerByte = 64;
inline constexpr std::size_t kMaxMatchStackBytes = std::size_t{512} << 20;
// All searches in one text together.
inline constexpr double kMaxSearchSeconds = 1;
inline constexpr double kMaxSearchSecondsPerByte = 1e-6;
// Nested groups.
inline constexpr std::uint32_t kMaxPatternNesting = 100;
// Steps and memory for matching a tensor name against a user's pattern; sensible patterns take
// hundreds of steps.
inline constexpr std::uint32_t kMaxNameSteps = 100'000;
inline constexpr std::uint32_t kMaxNameHeapKib = 64 << 10;

}  // namespace cellm
