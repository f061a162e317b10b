#ifndef WAN_WORKER_TEXT_PROMPT_CLEANER_H_
#define WAN_WORKER_TEXT_PROMPT_CLEANER_H_

#include <string>

#include "absl/strings/string_view.h"

namespace wan {

// The prompt as Diffusers gives it to the tokenizer (prompt_clean of its Wan pipelines): ftfy.fix_text 6.3.1 without
// its repair of wrong encodings, html.unescape twice, white space collapsed and stripped. The result is in NFC but for
// what the last unescaping made. Bytes that are not UTF-8 become U+FFFD. Any thread.
std::string CleanPrompt(absl::string_view utf8);

}  // namespace wan

#endif  // WAN_WORKER_TEXT_PROMPT_CLEANER_H_
