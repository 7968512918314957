/*
 * cellm: language models of few bits per weight on CPUs. The C interface, for every language.
 *
 * Errors. No function lets an exception out. Those that can fail return a cellm_status;
 * cellm_last_error() and cellm_last_advice() describe the latest failure of the calling thread.
 * Outputs are written on success only. A null pointer is CELLM_ERROR_USAGE unless it is said to be
 * allowed; functions without a status answer it, and what fails in them, with 0 or "".
 *
 * Ownership. A handle belongs to the caller, who releases it with its own _free function, which
 * accepts NULL. Handles share ownership of their model, so the order of freeing does not matter.
 * Strings and arrays that go in are copied or used during the call only. Text is UTF-8.
 *
 * Threads. Models, tokenizers, snapshots and cancel tokens may be used by any number of threads at
 * a time, a session or a batch by one at a time; different handles never disturb each other. No
 * handle may be freed while a call uses it. The sequences of one model take turns on its threads.
 *
 * Structs with a field `size` may grow at the end. Set it to sizeof and the rest to 0 where the
 * default is wanted: cellm_model_options o = {.size = sizeof o};
 *
 * Files of weights are mapped into memory: they must not be changed while a model is open. A file
 * that shrinks under it ends the process with SIGBUS, as mapped files do.
 */
#ifndef CELLM_CELLM_H
#define CELLM_CELLM_H

#include <stddef.h>
#include <stdint.h>

#include <cellm/export.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Rises when programs that were built against an older header would break. */
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
  CELLM_ERROR_RESOURCES = 5,   /* out of memory or disk */
  CELLM_CANCELLED = 6          /* the caller asked for it */
} cellm_status;

/* What may be done about an error; the message is complete without it. */
typedef enum cellm_advice {
  CELLM_ADVICE_NONE = 0,
  CELLM_ADVICE_FOLLOW_LINKS = 1,   /* follow_links allows it, if the folder is trusted */
  CELLM_ADVICE_TOKENIZER_FILE = 2, /* give a tokenizer_file */
  CELLM_ADVICE_CHAT_FORMAT = 3,    /* give a chat format */
  CELLM_ADVICE_LESS_MEMORY = 4,    /* anything that takes less memory, such as: */
  CELLM_ADVICE_SMALLER_FORMAT = 5, /* the model in a smaller format */
  CELLM_ADVICE_SMALLER_MODEL = 6,  /* a smaller model */
  CELLM_ADVICE_GIVEN_FORMAT = 7,   /* a format in place of target_bits */
  CELLM_ADVICE_FEWER_THREADS = 8,  /* fewer threads */
  CELLM_ADVICE_FEWER_TOKENS = 9,   /* fewer tokens, or a smaller kv_encoding */
  CELLM_ADVICE_TARGET_BITS = 10,   /* the error is about target_bits */
  CELLM_ADVICE_CALIBRATE = 11      /* the error is about calibrate: another text or none */
} cellm_advice;

/* One line; empty if nothing has failed on this thread. Valid until the thread's next failure. */
CELLM_API const char* cellm_last_error(void);
CELLM_API cellm_advice cellm_last_advice(void);

/* Releases memory that a function has handed over. Accepts NULL. */
CELLM_API void cellm_free(void* memory);

/* Memory that this process can still get, in bytes: that of the machine, its control groups and its
 * limits; UINT64_MAX if unknown. *limited_by (may be NULL) gets what sets the bound, for people. */
CELLM_API cellm_status cellm_available_memory(uint64_t* bytes, const char** limited_by);

/* --- Cancelling --------------------------------------------------------------------------- */

/* Asks an answer or a job to end. The request may come from any thread or a signal handler. */
typedef struct cellm_cancel cellm_cancel;
CELLM_API cellm_status cellm_cancel_new(cellm_cancel** cancel);
CELLM_API void cellm_cancel_request(cellm_cancel* cancel); /* ignores NULL */
CELLM_API void cellm_cancel_free(cellm_cancel* cancel);

/* --- Models ------------------------------------------------------------------------------- */

typedef struct cellm_model cellm_model;

typedef enum cellm_activations {
  CELLM_ACTIVATIONS_INT8 = 0, /* rounded to 8 bits where the weights have a form for it */
  CELLM_ACTIVATIONS_FAST = 1, /* the same, and bf16 products of 16-bit weights */
  CELLM_ACTIVATIONS_F32 = 2   /* exact */
} cellm_activations;

typedef struct cellm_model_options {
  size_t size;
  const char* target;         /* CPU target; NULL: the best this processor has */
  const char* tokenizer_file; /* a tokenizer.json in place of the model's own; NULL: its own */
  size_t max_layers;          /* only so many of the first layers; 0: all */
  int activations;            /* cellm_activations */
  int follow_links;           /* nonzero: symbolic links of a folder may lead out of it */
  unsigned threads;           /* 0: one for each physical core */
} cellm_model_options;

/* Opens a Hugging Face folder, a .gguf or a .cellm file and loads its weights. `options` may be
 * NULL. */
CELLM_API cellm_status cellm_model_open(const char* path, const cellm_model_options* options,
                                        cellm_model** model);
CELLM_API void cellm_model_free(cellm_model* model);

typedef struct cellm_model_facts {
  size_t size;
  size_t vocab_size;
  size_t hidden_size;
  size_t layers;          /* that run: max_layers at most */
  size_t context;         /* tokens that a sequence may have */
  uint64_t parameters;    /* weights in the file */
  double bits_per_weight; /* of the file, scales included */
  int has_tokenizer;
  int has_chat_format; /* cellm_chat_prompt() needs no format */
  unsigned threads;
} cellm_model_facts;

/* Fills the fields that fit into facts->size. */
CELLM_API cellm_status cellm_model_get_facts(const cellm_model* model, cellm_model_facts* facts);
/* "llama", "qwen3", ...; the format that most weights have; the CPU target; the quality that the
 * file states of itself ("KLD 0.030 vs f16, 4.50 bits per weight"); the Jinja chat template. Empty
 * if there is none. They belong to the model. */
CELLM_API const char* cellm_model_type(const cellm_model* model);
CELLM_API const char* cellm_model_format(const cellm_model* model);
CELLM_API const char* cellm_model_target(const cellm_model* model);
CELLM_API const char* cellm_model_quality(const cellm_model* model);
CELLM_API const char* cellm_model_chat_template(const cellm_model* model);

/* --- Text and tokens ---------------------------------------------------------------------- */

/* The ids of `bytes` bytes of text, behind the begin-of-text token where the model has one. With
 * parse_special, control tokens spelled in the text become control tokens. *ids is to be freed with
 * cellm_free(). */
CELLM_API cellm_status cellm_tokenize(const cellm_model* model, const char* text, size_t bytes,
                                      int parse_special, uint32_t** ids, size_t* count);
/* The text of ids, control tokens left out, with a zero behind it that *bytes (may be NULL) does
 * not count. *text is to be freed with cellm_free(). */
CELLM_API cellm_status cellm_detokenize(const cellm_model* model, const uint32_t* ids, size_t count,
                                        char** text, size_t* bytes);

typedef struct cellm_chat_message {
  const char* role; /* "system", "user" or "assistant" */
  const char* text;
  size_t bytes; /* 0: up to the zero */
} cellm_chat_message;

typedef enum cellm_chat_format {
  CELLM_CHAT_AUTO = 0,   /* the model's own */
  CELLM_CHAT_CHATML = 1, /* <|im_start|>ROLE ... <|im_end|> without additions */
  CELLM_CHAT_PLAIN = 2   /* the texts alone, for models without a format */
} cellm_chat_format;

typedef enum cellm_thinking {
  CELLM_THINKING_DEFAULT = 0, /* as the model's template has it */
  CELLM_THINKING_ON = 1,
  CELLM_THINKING_OFF = 2
} cellm_thinking;

typedef struct cellm_chat_options {
  size_t size;
  int format;   /* cellm_chat_format */
  int thinking; /* cellm_thinking */
} cellm_chat_options;

/* The ids of a conversation up to the beginning of the answer. No text becomes a control token.
 * `options` may be NULL. *ids is to be freed with cellm_free(). */
CELLM_API cellm_status cellm_chat_prompt(const cellm_model* model,
                                         const cellm_chat_message* messages, size_t messages_count,
                                         const cellm_chat_options* options, uint32_t** ids,
                                         size_t* count);

/* A tokenizer without a model's weights. */
typedef struct cellm_tokenizer cellm_tokenizer;

typedef struct cellm_tokenizer_options {
  size_t size;
  const char* file;  /* a tokenizer.json, or NULL and */
  const char* model; /* the model whose tokenizer it is */
  int follow_links;  /* as in cellm_model_options */
} cellm_tokenizer_options;

CELLM_API cellm_status cellm_tokenizer_open(const cellm_tokenizer_options* options,
                                            cellm_tokenizer** tokenizer);
CELLM_API void cellm_tokenizer_free(cellm_tokenizer* tokenizer);
/* As cellm_tokenize() and cellm_detokenize(), but without the begin-of-text token; and control
 * tokens are left out only with skip_special. */
CELLM_API cellm_status cellm_tokenizer_encode(const cellm_tokenizer* tokenizer, const char* text,
                                              size_t bytes, int parse_special, uint32_t** ids,
                                              size_t* count);
CELLM_API cellm_status cellm_tokenizer_decode(const cellm_tokenizer* tokenizer, const uint32_t* ids,
                                              size_t count, int skip_special, char** text,
                                              size_t* bytes);

/* --- Sessions ----------------------------------------------------------------------------- */

/* A session is one sequence of tokens with the model's state of it. */
typedef struct cellm_session cellm_session;
typedef struct cellm_snapshot cellm_snapshot;

typedef enum cellm_kv_encoding {
  CELLM_KV_F16 = 0,
  CELLM_KV_TURBOQUANT = 1, /* 8 bits */
  CELLM_KV_F32 = 2
} cellm_kv_encoding;

typedef struct cellm_session_options {
  size_t size;
  size_t max_tokens;       /* 0: the model's context. Rounded down to whole blocks. */
  size_t tokens_per_block; /* of the cache of keys and values; 0: 16 */
  int kv_encoding;         /* cellm_kv_encoding */
} cellm_session_options;

/* An empty sequence. `options` may be NULL. */
CELLM_API cellm_status cellm_session_new(const cellm_model* model,
                                         const cellm_session_options* options,
                                         cellm_session** session);
CELLM_API void cellm_session_free(cellm_session* session);
CELLM_API size_t cellm_session_position(const cellm_session* session);   /* tokens seen */
CELLM_API size_t cellm_session_max_tokens(const cellm_session* session); /* that it can hold */

/* Bytes of state that `tokens` tokens in all need (max_tokens at most). */
CELLM_API uint64_t cellm_session_state_bytes(const cellm_session* session, size_t tokens);
/* CELLM_ERROR_RESOURCES if the missing part of that state does not fit into available memory. */
CELLM_API cellm_status cellm_session_check_memory(const cellm_session* session, size_t tokens);

/* Appends tokens, at least one. *logits (may be NULL) gets the logits after the last one,
 * vocab_size of them, valid until the next call on the session. Results do not depend, bit by bit,
 * on how tokens are cut into calls or on the number of threads. An id beyond the vocabulary and
 * more tokens than fit are CELLM_ERROR_USAGE before anything changes. After CELLM_ERROR_RESOURCES
 * the session can only be restored from a snapshot or freed. */
CELLM_API cellm_status cellm_session_advance(cellm_session* session, const uint32_t* ids,
                                             size_t count, const float** logits);
/* The same, with the logits after each token: (count, vocab_size) floats of the caller's. */
CELLM_API cellm_status cellm_session_advance_all(cellm_session* session, const uint32_t* ids,
                                                 size_t count, float* logits);

/* The sequence as it is now, to go back to or to go on from elsewhere. Shares memory with the
 * session until one of them changes. */
CELLM_API cellm_status cellm_session_snapshot(const cellm_session* session,
                                              cellm_snapshot** snapshot);
/* Goes on from a snapshot of any sequence of the same model, with its options. */
CELLM_API cellm_status cellm_session_restore(cellm_session* session,
                                             const cellm_snapshot* snapshot);
CELLM_API size_t cellm_snapshot_position(const cellm_snapshot* snapshot);
CELLM_API void cellm_snapshot_free(cellm_snapshot* snapshot);

/* Keeps the sequence in a file, for another process with the same model. The logits that follow are
 * bit by bit those that would have followed. A file of another model, CPU target, KV encoding or
 * activations is refused, and the session stays as it is. */
CELLM_API cellm_status cellm_session_save(const cellm_session* session, const char* path);
CELLM_API cellm_status cellm_session_load(cellm_session* session, const char* path);

/* --- Generation --------------------------------------------------------------------------- */

typedef enum cellm_stop_reason {
  CELLM_STOP_END = 0,     /* the model ended its answer */
  CELLM_STOP_LENGTH = 1,  /* max_tokens reached */
  CELLM_STOP_CONTEXT = 2, /* the session is full */
  CELLM_STOP_CALLER = 3   /* the callback or the cancel token asked for it */
} cellm_stop_reason;

typedef struct cellm_generate_options {
  size_t size;
  size_t max_tokens;    /* 0: as many as fit */
  float temperature;    /* 0: greedy, the most probable token */
  size_t top_k;         /* 0: all tokens */
  float top_p;          /* 0: all tokens */
  float min_p;          /* relative to the most probable token */
  float repeat_penalty; /* divides the logits of recent tokens; 0 or 1: none */
  size_t repeat_window; /* tokens that are recent; 0: 64 */
  uint64_t seed;
  int ignore_end;             /* nonzero: go on after the end of the answer */
  int no_tokens;              /* nonzero: feed the prompt, generate nothing */
  const cellm_cancel* cancel; /* asked between batches of the prompt and tokens; may be NULL */
} cellm_generate_options;

typedef struct cellm_generate_result {
  size_t size;
  int stop_reason;         /* cellm_stop_reason */
  size_t prompt_tokens;    /* fed */
  size_t generated_tokens; /* without the one that ended the answer */
  size_t decoded_tokens;   /* fed one by one, each for the next */
  double prompt_seconds;
  double decode_seconds;
} cellm_generate_result;

#define CELLM_NO_TOKEN 0xFFFFFFFFu

/* Called on the calling thread for each token as soon as it is known. text: what it completes,
 * whole characters, with a zero behind it; may be empty, as it is for a model without tokenizer. At
 * the end of an answer that breaks off within a character it is called once more, with
 * CELLM_NO_TOKEN and what stands for the rest. Nonzero ends the answer. */
typedef int (*cellm_on_token)(void* user, uint32_t id, const char* text, size_t bytes);

/* Feeds the prompt and generates. `options`, `on_token` and `result` may be NULL. The token that
 * ends an answer is neither reported nor fed, the last one of another answer reported but not fed.
 */
CELLM_API cellm_status cellm_generate(cellm_session* session, const uint32_t* prompt, size_t count,
                                      const cellm_generate_options* options,
                                      cellm_on_token on_token, void* user,
                                      cellm_generate_result* result);

/* --- Batches ------------------------------------------------------------------------------ */

/* Sequences that run together: weights are read once for all of them. What a sequence gets is the
 * same, bit by bit, alone or in company. */
typedef struct cellm_batch cellm_batch;

CELLM_API cellm_status cellm_batch_new(const cellm_model* model, cellm_batch** batch);
CELLM_API void cellm_batch_free(cellm_batch* batch);
/* An empty sequence, one that goes on from a snapshot of the same model, or a copy of another.
 * `options` may be NULL. */
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

/* Appends tokens to different sequences. logits (may be NULL): for each input a pointer to the
 * logits after its last token, valid until the next step. */
CELLM_API cellm_status cellm_batch_step(cellm_batch* batch, const cellm_batch_input* inputs,
                                        size_t count, const float** logits);

#ifdef __cplusplus
}
#endif

#include <cellm/jobs.h>

#endif
