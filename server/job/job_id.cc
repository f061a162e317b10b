#include "server/job/job_id.h"

#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "common/log.h"

namespace wan {
namespace {

constexpr char kAlphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";  // no I, L, O, U
constexpr size_t kTextLength = 26;
constexpr size_t kTimeBytes = 6;
using Bytes = std::array<uint8_t, 16>;

int DigitOf(char c) {
  const char* found = c == '\0' ? nullptr : std::strchr(kAlphabet, c);
  return found == nullptr ? -1 : static_cast<int>(found - kAlphabet);
}

// 26 digits of 5 bits hold 130; the two bits above the 128 are zero.
std::string Encode(const Bytes& bytes) {
  std::string text(kTextLength, '0');
  for (size_t i = 0; i < kTextLength; ++i) {
    const int low_bit = 5 * static_cast<int>(kTextLength - 1 - i);
    int digit = 0;
    for (int bit = 4; bit >= 0; --bit) {
      const int position = low_bit + bit;
      digit <<= 1;
      if (position < 128) digit |= (bytes[15 - position / 8] >> (position % 8)) & 1;
    }
    text[i] = kAlphabet[digit];
  }
  return text;
}

Bytes Decode(absl::string_view text) {
  Bytes bytes = {};
  for (size_t i = 0; i < kTextLength; ++i) {
    const int low_bit = 5 * static_cast<int>(kTextLength - 1 - i);
    const int digit = DigitOf(text[i]);
    for (int bit = 0; bit < 5; ++bit) {
      const int position = low_bit + bit;
      if (position < 128 && ((digit >> bit) & 1) != 0) bytes[15 - position / 8] |= 1 << (position % 8);
    }
  }
  return bytes;
}

void FillWithEntropy(uint8_t* data, size_t size) {
  ssize_t got = 0;
  do {
    got = getrandom(data, size, 0);  // so few bytes come at once or not at all
  } while (got < 0 && errno == EINTR);
  WAN_CHECK(got == static_cast<ssize_t>(size));
}

}  // namespace

bool IsJobId(absl::string_view text) {
  if (text.size() != kTextLength || text[0] > '7') return false;  // '8' would need 129 bits
  for (const char c : text) {
    if (DigitOf(c) < 0) return false;
  }
  return true;
}

JobIdGenerator::JobIdGenerator(std::function<absl::Time()> now) : now_(std::move(now)) {}

std::string JobIdGenerator::Next() {
  absl::MutexLock lock(&mutex_);
  Bytes next = {};
  const int64_t milliseconds = absl::ToUnixMillis(now_());
  for (size_t i = 0; i < kTimeBytes; ++i) next[i] = static_cast<uint8_t>(milliseconds >> (8 * (kTimeBytes - 1 - i)));
  FillWithEntropy(next.data() + kTimeBytes, next.size() - kTimeBytes);
  // The same millisecond or an earlier one: count up from the last id instead. A carry out of the random part enters
  // the time, which is then a millisecond early and still in order.
  if (!std::lexicographical_compare(last_.begin(), last_.begin() + kTimeBytes, next.begin(),
                                    next.begin() + kTimeBytes)) {
    next = last_;
    for (size_t i = next.size(); i-- > 0 && ++next[i] == 0;) {
    }
  }
  last_ = next;
  return Encode(next);
}

void JobIdGenerator::StartAfter(absl::string_view id) {
  if (!IsJobId(id)) return;
  const Bytes bytes = Decode(id);
  absl::MutexLock lock(&mutex_);
  if (bytes > last_) last_ = bytes;
}

}  // namespace wan
