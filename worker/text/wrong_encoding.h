#ifndef WAN_WORKER_TEXT_WRONG_ENCODING_H_
#define WAN_WORKER_TEXT_WRONG_ENCODING_H_

#include "absl/strings/string_view.h"

namespace wan {

// True when `utf8` holds characters that are a UTF-8 sequence read as Windows-1252 ("Ã¶", "â€™"): the reference would
// repair such a text, and the prompt cleaner does not.
bool HasWrongEncoding(absl::string_view utf8);

}  // namespace wan

#endif  // WAN_WORKER_TEXT_WRONG_ENCODING_H_
