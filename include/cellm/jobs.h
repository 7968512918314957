/*
 * The jobs of the C interface: converting, tuning and evaluating models, and studies. Included by
 * cellm.h, whose conventions apply. A job runs on the calling thread and its own thread pool;
 * several jobs may run at the same time.
 */
#ifndef CELLM_JOBS_H
#define CELLM_JOBS_H

#include <cellm/cellm.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cellm_job_control {
  size_t size;
  /* Called on the calling thread with the progress of a stage ("converting", "tuning", ...), done
   * and total in units of the stage; nonzero cancels the job. May be NULL. */
  int (*on_progress)(void* user, const char* stage, uint64_t done, uint64_t total);
  void* user;
  const cellm_cancel* cancel; /* may be NULL */
} cellm_job_control;

/* A cancelled job returns CELLM_CANCELLED. Unfinished calibrated conversions and unfinished tuning
 * keep their state in files OUTPUT.*.partial, from which the same call resumes. `control` and
 * `result` may be NULL. */

typedef struct cellm_convert_options {
  size_t size;
  const char* input;  /* Hugging Face folder, .gguf or .cellm file */
  const char* output; /* .cellm file, written atomically */
  /* "int4-g32", "t2", ..., or "keep": every tensor as the input stores it. NULL: "int4-g32". NULL
   * with target_bits. */
  const char* format;
  double target_bits; /* bits per weight of the whole file, see docs/cli.md; 0: by `format` */
  /* Format of the embedding. NULL: "f16" with format "f16", as stored with "keep", else "int8". */
  const char* embedding;
  /* A text file, "default", "self" or "chat" (docs/cli.md). NULL: no calibration, or "default" with
   * target_bits. */
  const char* calibrate;
  /* Tokens to train scales and norms on afterwards, with calibration only. 0: none, or 60000 with
   * target_bits. */
  size_t tune_tokens;
  int text_only;    /* leave out vision and multi-token prediction; implied by target_bits */
  int packed;       /* store weights in the order in which the engine multiplies them */
  int follow_links; /* as in cellm_model_options, like target and threads */
  const char* target;
  unsigned threads;
} cellm_convert_options;

typedef struct cellm_convert_result {
  size_t size;
  uint64_t file_bytes;
  double bits_per_weight; /* of all tensors, scales included */
  double kld; /* with target_bits: mean KL divergence from the input, nats per token; else NaN */
} cellm_convert_result;

CELLM_API cellm_status cellm_convert(const cellm_convert_options* options,
                                     const cellm_job_control* control,
                                     cellm_convert_result* result);

/* Trains the scales and norms of a file against the model that it was converted from. */
typedef struct cellm_tune_options {
  size_t size;
  const char* file;      /* .cellm file */
  const char* reference; /* the model that it was converted from */
  const char* output;    /* NULL: replace the file, if training improves it */
  /* A text file, "default", "self" or "chat" (docs/cli.md); NULL: equal shares of these three,
   * without "chat" for a model without chat format. */
  const char* text;
  size_t tokens;    /* to train on; 0: 60000 */
  int follow_links; /* as in cellm_model_options, like target and threads */
  const char* target;
  unsigned threads;
} cellm_tune_options;

typedef struct cellm_tune_result {
  size_t size;
  double kld_before; /* mean KL divergence on held-out text, nats per token */
  double kld_after;
  size_t tokens; /* trained on until the best values; 0: no step improved on the initial ones */
} cellm_tune_result;

CELLM_API cellm_status cellm_tune(const cellm_tune_options* options,
                                  const cellm_job_control* control, cellm_tune_result* result);

/* Measures a model on a text. The KV cache is exact (f32), the reference's activations too. */
typedef struct cellm_evaluate_options {
  size_t size;
  const char* model;
  const char* text;      /* a UTF-8 file */
  const char* reference; /* a model to compare with; NULL: none */
  size_t window;         /* tokens, of which the second half is scored; 0: 512 */
  size_t max_tokens;     /* limit on the tokens of the text; 0: all */
  int activations;       /* cellm_activations */
  int follow_links;      /* as in cellm_model_options, like target and threads */
  const char* target;
  unsigned threads;
  /* Questions that the model, and the reference, answer greedily: a file of one JSON object a line
   * (docs/cli.md), or "default"; NULL: none. */
  const char* questions;
  size_t answer_tokens; /* of an answer, at most; 0: 128 */
} cellm_evaluate_options;

typedef struct cellm_evaluate_result {
  size_t size;
  double perplexity;
  size_t predictions; /* scored tokens */
  double kld;  /* mean KL(reference || model), nats per token; NaN without reference, as top1 */
  double top1; /* share of predictions with the same first choice, 0 to 1 */
  size_t questions;          /* answered; without any the following are NaN */
  double right;              /* share of right answers, 0 to 1 */
  double right_of_reference; /* the same of those that the reference answers right, or NaN */
  double looping;            /* share of answers that loop */
  double distinct1;          /* different spans of 1, 2 and 3 tokens by tokens in all answers */
  double distinct2;
  double distinct3;
} cellm_evaluate_result;

CELLM_API cellm_status cellm_evaluate(const cellm_evaluate_options* options,
                                      const cellm_job_control* control,
                                      cellm_evaluate_result* result);

/* Measures what every format of a model costs: "cellm study" in docs/cli.md. Writes study.json,
 * report.md, report.html and the .cellm files into a folder, and keeps the results of finished
 * steps there: the same call resumes a cancelled one. */
typedef struct cellm_study_options {
  size_t size;
  const char* source;       /* Hugging Face folder, .gguf or .cellm file, with a tokenizer */
  const char* hub_name;     /* its name on the hub, for the model card; NULL: none */
  const char* output;       /* folder, created if it does not exist */
  const char* const* texts; /* UTF-8 files; none only with `publish` */
  size_t text_count;
  const char* const* formats; /* names; none: those of the original study, and ours */
  size_t format_count;
  const char* const* files; /* .cellm files of the same model, as further rows */
  size_t file_count;
  const char* publish;       /* folder for the files and a model card; NULL: none */
  const char* program;       /* the cellm program, whose processes measure speed and memory */
  size_t speed_runs;         /* the median counts; 0: not measured */
  size_t tokens;             /* limit on the tokens of the texts; 0: all */
  size_t window;             /* tokens, of which the second half is scored; 0: 512 */
  size_t generate;           /* tokens of each text that a format writes; 0: 128 */
  size_t sensitivity_tokens; /* on which each part of the model is measured; 0: none */
  size_t tune_tokens;        /* for the formats that are trained; 0: 60000 */
  int remove_files;          /* the .cellm files, at the end */
  int follow_links;          /* as in cellm_model_options, like target and threads */
  const char* target;
  unsigned threads;
} cellm_study_options;

typedef struct cellm_study_result {
  size_t size;
  size_t formats; /* rows of study.json */
} cellm_study_result;

CELLM_API cellm_status cellm_study(const cellm_study_options* options,
                                   const cellm_job_control* control, cellm_study_result* result);

#ifdef __cplusplus
}
#endif

#endif
