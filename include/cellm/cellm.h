/*
 * cellm: language models of few bits per weight on CPUs. The C interface, for every language.
 *
 * Errors. No function throws. Functions that can fail return a cellm_status; cellm_last_error() and
 * cellm_last_advice() describe the latest failure of the calling thread. Outputs are written on
 * success only, except where stated. A null pointer is CELLM_ERROR_USAGE unless documented as
 * allowed; functions without a status return 0 or "" for a null pointer and on failure.
 *
 * Ownership. A handle belongs to the caller, who releases it with the _free function of its type,
 * which accepts NULL. Handles share ownership of their model, so they may be freed in any order.
 * Input strings and arrays are not used after the call returns. Text is UTF-8.
 *
 * Threads. Models, tokenizers, snapshots and cancel tokens are thread-safe. A session or a batch is
 * for one thread at a time; different handles are independent. No handle may be freed while a call
 * uses it. Concurrent calls on one model take turns on the model's thread pool.
 *
 * Structs with a field `size` may get further fields at the end. Set `size` to the size of the
 * struct; 0 in any other field of an options struct selects the default:
 * cellm_model_options o = {.size = sizeof o};
 *
 * Weight files are mapped into memory and must not be changed while a model is open. If one is
 * truncated, reading the lost part raises SIGBUS, which ends the process unless it is handled.
 */
#ifndef CELLM_CELLM_H
#define CELLM_CELLM_H

#include <stddef.h>
#include <stdint.h>

#include <cellm/export.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Incremented by changes that break programs built against an older header. */
#define CELLM_ABI_VERSION 1

/* The version of the library, "MAJOR.MINOR.PATCH", valid as long as the library is loaded. */
CELLM_API const char* cellm_version(void);
/* CELLM_ABI_VERSION of the library that is loaded. */
CELLM_API int cellm_abi_version(void);

typedef enum cellm_status {
  CELLM_OK = 0,
  CELLM_ERROR = 1,             /* everything else */
  CELLM_ERROR_USAGE = 2,       /* an argument is wrong */
  CELLM_ERROR_DATA = 3,        /* a file is unreadable, damaged or inconsistent */
  CELLM_ERROR_UNSUPPORTED = 4, /* a valid file whose model or feature is not supported */
  CELLM_ERROR_RESOURCES = 5,   /* out of memory or disk space */
  CELLM_CANCELLED = 6          /* by a cancel token or a progress callback */
} cellm_status;

/* A possible remedy for an error; the message is complete without it. */
typedef enum cellm_advice {
  CELLM_ADVICE_NONE = 0,
  CELLM_ADVICE_FOLLOW_LINKS = 1,   /* set follow_links, if the folder is trusted */
  CELLM_ADVICE_TOKENIZER_FILE = 2, /* set tokenizer_file */
  CELLM_ADVICE_CHAT_FORMAT = 3,    /* set a chat format */
  CELLM_ADVICE_LESS_MEMORY = 4,    /* use less memory, by no particular option */
  CELLM_ADVICE_SMALLER_FORMAT = 5, /* less memory: convert the model to a smaller format */
  CELLM_ADVICE_SMALLER_MODEL = 6,  /* less memory: a smaller model */
  CELLM_ADVICE_GIVEN_FORMAT = 7,   /* less memory: set format instead of target_bits */
  CELLM_ADVICE_FEWER_THREADS = 8,  /* less memory: fewer threads */
  CELLM_ADVICE_FEWER_TOKENS = 9,   /* less memory: fewer tokens or a smaller kv_encoding */
  CELLM_ADVICE_TARGET_BITS = 10,   /* the error is about target_bits */
  CELLM_ADVICE_CALIBRATE = 11,     /* the error is about calibrate: another text or none */
  CELLM_ADVICE_CHAT_TEMPLATE = 12, /* choose one of the model's chat templates by its name */
  CELLM_ADVICE_MERGE_ADAPTER = 13  /* an adapter: convert its base model with --lora */
} cellm_advice;

/* The message, one line of at most 2047 bytes; empty if no call has failed on this thread. Valid
 * until the thread's next failure; calls that succeed leave it. */
CELLM_API const char* cellm_last_error(void);
/* The advice that belongs to that message. */
CELLM_API cellm_advice cellm_last_advice(void);

/* Frees memory returned by a function that says so. Accepts NULL. */
CELLM_API void cellm_free(void* memory);

/* Memory that this process can still allocate, in bytes: the least of what the machine (with swap),
 * the process's control groups and its resource limits leave; UINT64_MAX if unknown. *limited_by
 * (may be NULL) receives a description of the binding limit, a static string. */
CELLM_API cellm_status cellm_available_memory(uint64_t* bytes, const char** limited_by);

/* --- Cancelling --------------------------------------------------------------------------- */

/* Ends generation or a job early. cellm_cancel_request() is safe in any thread and in a signal
 * handler; a request cannot be withdrawn. */
typedef struct cellm_cancel cellm_cancel;
CELLM_API cellm_status cellm_cancel_new(cellm_cancel** cancel);
CELLM_API void cellm_cancel_request(cellm_cancel* cancel); /* ignores NULL */
CELLM_API void cellm_cancel_free(cellm_cancel* cancel);

/* --- Models ------------------------------------------------------------------------------- */

typedef struct cellm_model cellm_model;

typedef enum cellm_activations {
  CELLM_ACTIVATIONS_INT8 = 0, /* 8-bit codes for weights with integer kernels, else f32 */
  CELLM_ACTIVATIONS_FAST = 1, /* the same, and bf16 for 16-bit weights if the CPU has it */
  CELLM_ACTIVATIONS_F32 = 2   /* exact */
} cellm_activations;

typedef struct cellm_model_options {
  size_t size;
  const char* target;         /* CPU target; NULL: the best this processor has */
  const char* tokenizer_file; /* a tokenizer.json in place of the model's own; NULL: its own */
  size_t max_layers;          /* run the first max_layers layers only; 0: all */
  int activations;            /* cellm_activations */
  int follow_links;           /* nonzero: follow symbolic links out of the model folder */
  unsigned threads;           /* at most 1024; 0: one per physical core, within the CPU quota */
} cellm_model_options;

/* Opens a Hugging Face folder, a .gguf or a .cellm file and loads its weights. `options` may be
 * NULL. CELLM_ERROR_DATA for a missing or damaged model, CELLM_ERROR_UNSUPPORTED for a model that
 * cellm does not run, CELLM_ERROR_RESOURCES if the weights exceed the available memory. */
CELLM_API cellm_status cellm_model_open(const char* path, const cellm_model_options* options,
                                        cellm_model** model);
CELLM_API void cellm_model_free(cellm_model* model);

typedef struct cellm_model_facts {
  size_t size;
  size_t vocab_size;
  size_t hidden_size;
  size_t layers;          /* that run, at most max_layers */
  size_t context;         /* longest sequence, tokens */
  uint64_t parameters;    /* weights of all tensors in the file */
  double bits_per_weight; /* of the file, scales included */
  int has_tokenizer;
  int has_chat_format; /* cellm_chat_prompt() needs no format */
  unsigned threads;
  uint32_t end_token; /* the first of those that end a text; CELLM_NO_TOKEN: none is known */
} cellm_model_facts;

/* Fills the fields that fit into facts->size. */
CELLM_API cellm_status cellm_model_get_facts(const cellm_model* model, cellm_model_facts* facts);
/* model_type of config.json ("llama", "qwen3", ...); the format of most weights; the CPU target;
 * the quality stored in the file ("KLD 0.030 vs f16, 4.50 bits per weight"); what was assumed or
 * ignored in the files, a line each; the Jinja chat template. Empty if there is none. Valid as long
 * as the model handle. */
CELLM_API const char* cellm_model_type(const cellm_model* model);
CELLM_API const char* cellm_model_format(const cellm_model* model);
CELLM_API const char* cellm_model_target(const cellm_model* model);
CELLM_API const char* cellm_model_quality(const cellm_model* model);
CELLM_API const char* cellm_model_notes(const cellm_model* model);
CELLM_API const char* cellm_model_chat_template(const cellm_model* model);
/* The chat template of this name, for models that have several ("default", "tool_use", "rag");
 * empty if there is none. */
CELLM_API const char* cellm_model_named_chat_template(const cellm_model* model, const char* name);

/* --- Text and tokens ---------------------------------------------------------------------- */

/* The ids of `bytes` bytes of text, after the begin-of-text token if the model has one. With
 * parse_special, control tokens spelled in the text become control tokens. Free *ids with
 * cellm_free(). Invalid UTF-8 is CELLM_ERROR_USAGE, a model without tokenizer CELLM_ERROR_DATA. */
CELLM_API cellm_status cellm_tokenize(const cellm_model* model, const char* text, size_t bytes,
                                      int parse_special, uint32_t** ids, size_t* count);
/* The text of ids without control tokens, zero-terminated; *bytes (may be NULL) receives its length
 * without the zero. Invalid UTF-8 becomes U+FFFD. Free *text with cellm_free(). An id that is no
 * token is CELLM_ERROR_USAGE. */
CELLM_API cellm_status cellm_detokenize(const cellm_model* model, const uint32_t* ids, size_t count,
                                        char** text, size_t* bytes);

typedef struct cellm_chat_message {
  const char* role; /* "system", "user" or "assistant" */
  const char* text;
  size_t bytes; /* 0: text is zero-terminated */
} cellm_chat_message;

typedef enum cellm_chat_format {
  CELLM_CHAT_AUTO = 0,   /* the model's own */
  CELLM_CHAT_CHATML = 1, /* <|im_start|>ROLE ... <|im_end|>, no default system message */
  CELLM_CHAT_PLAIN = 2   /* the texts concatenated, for base models */
} cellm_chat_format;

typedef enum cellm_thinking {
  CELLM_THINKING_DEFAULT = 0, /* the default of the model's template */
  CELLM_THINKING_ON = 1,      /* CELLM_ERROR_USAGE for a format without thinking */
  CELLM_THINKING_OFF = 2
} cellm_thinking;

typedef struct cellm_chat_options {
  size_t size;
  int format;                /* cellm_chat_format */
  int thinking;              /* cellm_thinking */
  const char* template_text; /* a Jinja chat template in place of the format; NULL: none */
  const char* variables;     /* more variables of the template, a JSON object; NULL: none */
} cellm_chat_options;

/* The ids of a conversation, ending with the start of the assistant's answer. A control token
 * spelled in a message is tokenized as text. `options` may be NULL. Free *ids with cellm_free().
 * CELLM_ERROR_USAGE for messages that the format does not allow, CELLM_ERROR_UNSUPPORTED if the
 * model's format is unknown. */
CELLM_API cellm_status cellm_chat_prompt(const cellm_model* model,
                                         const cellm_chat_message* messages, size_t messages_count,
                                         const cellm_chat_options* options, uint32_t** ids,
                                         size_t* count);

/* A tokenizer alone, without loading weights. */
typedef struct cellm_tokenizer cellm_tokenizer;

typedef struct cellm_tokenizer_options {
  size_t size;
  const char* file;  /* a tokenizer.json; exactly one of file and model is set */
  const char* model; /* a model, whose tokenizer is opened */
  int follow_links;  /* as in cellm_model_options */
} cellm_tokenizer_options;

CELLM_API cellm_status cellm_tokenizer_open(const cellm_tokenizer_options* options,
                                            cellm_tokenizer** tokenizer);
CELLM_API void cellm_tokenizer_free(cellm_tokenizer* tokenizer);
/* As cellm_tokenize() and cellm_detokenize(), but without a begin-of-text token, and control tokens
 * are omitted only with skip_special. */
CELLM_API cellm_status cellm_tokenizer_encode(const cellm_tokenizer* tokenizer, const char* text,
                                              size_t bytes, int parse_special, uint32_t** ids,
                                              size_t* count);
CELLM_API cellm_status cellm_tokenizer_decode(const cellm_tokenizer* tokenizer, const uint32_t* ids,
                                              size_t count, int skip_special, char** text,
                                              size_t* bytes);

/* --- Sessions ----------------------------------------------------------------------------- */

/* A session is one sequence of tokens and the model's state after them. */
typedef struct cellm_session cellm_session;
typedef struct cellm_snapshot cellm_snapshot;

typedef enum cellm_kv_encoding {
  CELLM_KV_F16 = 0,
  CELLM_KV_TURBOQUANT = 1, /* 8 bits, rotated */
  CELLM_KV_F32 = 2
} cellm_kv_encoding;

typedef struct cellm_session_options {
  size_t size;
  size_t max_tokens;       /* rounded down to whole blocks; 0: the model's context */
  size_t tokens_per_block; /* of the KV cache, at most 65536; 0: 16 */
  int kv_encoding;         /* cellm_kv_encoding */
} cellm_session_options;

/* An empty sequence. `options` may be NULL. */
CELLM_API cellm_status cellm_session_new(const cellm_model* model,
                                         const cellm_session_options* options,
                                         cellm_session** session);
CELLM_API void cellm_session_free(cellm_session* session);
CELLM_API size_t cellm_session_position(const cellm_session* session);   /* tokens so far */
CELLM_API size_t cellm_session_max_tokens(const cellm_session* session); /* its capacity */

/* Bytes of the state of a sequence of min(tokens, max_tokens) tokens. */
CELLM_API uint64_t cellm_session_state_bytes(const cellm_session* session, size_t tokens);
/* CELLM_ERROR_RESOURCES if the part of that state that is not allocated yet exceeds the available
 * memory. */
CELLM_API cellm_status cellm_session_check_memory(const cellm_session* session, size_t tokens);

/* Appends tokens, at least one. *logits (may be NULL) receives the logits after the last one,
 * vocab_size floats, valid until the next call on the session. Results are bitwise independent of
 * the division of tokens into calls and of the number of threads. An id beyond the vocabulary or
 * more tokens than fit are CELLM_ERROR_USAGE, and the session is unchanged. Logits that are not
 * finite are CELLM_ERROR_DATA; the tokens have been appended. After CELLM_ERROR_RESOURCES the
 * session can only be restored from a snapshot or freed. */
CELLM_API cellm_status cellm_session_advance(cellm_session* session, const uint32_t* ids,
                                             size_t count, const float** logits);
/* The same with the logits after each token. logits: a buffer of (count, vocab_size) floats. After
 * a failure other than CELLM_ERROR_USAGE it may be partly written, and some tokens appended. */
CELLM_API cellm_status cellm_session_advance_all(cellm_session* session, const uint32_t* ids,
                                                 size_t count, float* logits);

/* An immutable copy of the sequence and its state. Shares memory with the session until the session
 * writes to it. */
CELLM_API cellm_status cellm_session_snapshot(const cellm_session* session,
                                              cellm_snapshot** snapshot);
/* Replaces the session's sequence and options by those of a snapshot. CELLM_ERROR_USAGE for a
 * snapshot of another opened model. */
CELLM_API cellm_status cellm_session_restore(cellm_session* session,
                                             const cellm_snapshot* snapshot);
CELLM_API size_t cellm_snapshot_position(const cellm_snapshot* snapshot);
CELLM_API void cellm_snapshot_free(cellm_snapshot* snapshot);

/* Writes the sequence and its state to a file, atomically and readable by its owner only, and
 * replaces the session's sequence by that of a file. Logits after a load are bitwise equal to those
 * without it. Loading fails with CELLM_ERROR_USAGE if the file's model, CPU target, activations, KV
 * encoding, tokens_per_block or number of layers differ or its tokens do not fit; a session that
 * fails to load is unchanged. The first call computes a checksum of the model's files. */
CELLM_API cellm_status cellm_session_save(const cellm_session* session, const char* path);
CELLM_API cellm_status cellm_session_load(cellm_session* session, const char* path);

/* --- Batches ------------------------------------------------------------------------------ */

/* Sequences that run together: each step reads the weights once for all of them. The results of a
 * sequence are bitwise independent of the other sequences in the batch. A sequence is identified by
 * a number that is unique in the process; one that is not in the batch is CELLM_ERROR_USAGE. */
typedef struct cellm_batch cellm_batch;

CELLM_API cellm_status cellm_batch_new(const cellm_model* model, cellm_batch** batch);
CELLM_API void cellm_batch_free(cellm_batch* batch);
/* Adds an empty sequence (`options` may be NULL), the sequence of a snapshot of the same opened
 * model with its options, or a copy of a sequence of this batch. */
CELLM_API cellm_status cellm_batch_add(cellm_batch* batch, const cellm_session_options* options,
                                       uint64_t* sequence);
CELLM_API cellm_status cellm_batch_add_snapshot(cellm_batch* batch, const cellm_snapshot* snapshot,
                                                uint64_t* sequence);
CELLM_API cellm_status cellm_batch_fork(cellm_batch* batch, uint64_t sequence, uint64_t* copy);
CELLM_API cellm_status cellm_batch_remove(cellm_batch* batch, uint64_t sequence);
CELLM_API cellm_status cellm_batch_snapshot(const cellm_batch* batch, uint64_t sequence,
                                            cellm_snapshot** snapshot);
CELLM_API cellm_status cellm_batch_position(const cellm_batch* batch, uint64_t sequence,
                                            size_t* position);

typedef struct cellm_batch_input {
  uint64_t sequence;
  const uint32_t* ids;
  size_t count; /* at least 1; of all inputs together at most cellm_batch_max_tokens() */
} cellm_batch_input;
CELLM_API size_t cellm_batch_max_tokens(void);

/* Appends tokens to different sequences. logits (may be NULL) receives `count` pointers: for each
 * input the vocab_size logits after its last token, valid until the next step.
 * CELLM_ERROR_USAGE, before anything changes, for no inputs, an input without tokens, a sequence
 * that occurs twice, an id beyond the vocabulary, or too many tokens. CELLM_ERROR_DATA if logits of
 * any input are not finite; the tokens of all inputs have been appended. After
 * CELLM_ERROR_RESOURCES the sequences of the inputs can only be removed. */
CELLM_API cellm_status cellm_batch_step(cellm_batch* batch, const cellm_batch_input* inputs,
                                        size_t count, const float** logits);

#ifdef __cplusplus
}
#endif

#include <cellm/generate.h>
#include <cellm/jobs.h>
#include <cellm/observe.h>
#include <cellm/tools.h>

#endif
