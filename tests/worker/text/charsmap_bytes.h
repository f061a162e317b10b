#ifndef WAN_TESTS_WORKER_TEXT_CHARSMAP_BYTES_H_
#define WAN_TESTS_WORKER_TEXT_CHARSMAP_BYTES_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace wan {

// A precompiled character map of these rules, in the format that precompiled_charsmap.h describes.
class CharsmapBytes {
 public:
  explicit CharsmapBytes(const std::map<std::string, std::string>& rules)
      : units_(8192), used_(8192), used_as_base_(8192) {
    std::map<std::string, uint32_t> offsets;
    for (const auto& [key, replacement] : rules) {
      offsets[key] = static_cast<uint32_t>(replacements_.size());
      replacements_ += replacement + '\0';
    }
    used_[0] = true;
    Place(offsets, "", 0);
  }

  std::string bytes() const {
    std::string result;
    AppendU32(static_cast<uint32_t>(units_.size() * 4), &result);
    for (const uint32_t unit : units_) AppendU32(unit, &result);
    return result + replacements_;
  }

  static void AppendU32(uint32_t value, std::string* bytes) {
    for (int i = 0; i < 4; ++i) bytes->push_back(static_cast<char>(value >> (8 * i)));
  }

 private:
  // The children of `prefix`, whose unit is at `position`: all of them at base ^ label, a value at base.
  void Place(const std::map<std::string, uint32_t>& offsets, const std::string& prefix, uint32_t position) {
    std::map<uint8_t, bool> labels;
    for (const auto& [key, offset] : offsets) {
      if (key.size() > prefix.size() && key.compare(0, prefix.size(), prefix) == 0) {
        labels[static_cast<uint8_t>(key[prefix.size()])] = true;
      }
    }
    const auto value = offsets.find(prefix);
    if (value != offsets.end()) labels[0] = true;
    uint32_t base = 256;
    // A unit is known as its parent's by its label alone, so no two parents may have one base.
    const auto collides = [&] {
      if (used_as_base_[base]) return true;
      for (const auto& [label, ignored] : labels) {
        if (used_[base ^ label]) return true;
      }
      return false;
    };
    while (collides()) ++base;
    used_as_base_[base] = true;
    units_[position] |= (position ^ base) << 10;
    for (const auto& [label, ignored] : labels) {
      used_[base ^ label] = true;
      units_[base ^ label] = label;
    }
    if (value != offsets.end()) {
      units_[position] |= 1 << 8;
      units_[base] = value->second | uint32_t{1} << 31;
    }
    for (const auto& [label, ignored] : labels) {
      if (label != 0) Place(offsets, prefix + static_cast<char>(label), base ^ label);
    }
  }

  std::vector<uint32_t> units_;
  std::vector<bool> used_, used_as_base_;
  std::string replacements_;
};

}  // namespace wan

#endif  // WAN_TESTS_WORKER_TEXT_CHARSMAP_BYTES_H_
