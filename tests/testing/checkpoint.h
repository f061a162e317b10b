#ifndef WAN_TESTS_TESTING_CHECKPOINT_H_
#define WAN_TESTS_TESTING_CHECKPOINT_H_

#include <string>

namespace wan {

// A copy of the tiny golden checkpoint `name` ("t2v21") in `folder`, to be broken.
void CopyCheckpoint(const std::string& name, const std::string& folder);

// Writes `value` into element `index` of an F32 tensor of a safetensors file, in place.
void PokeFloat(const std::string& file, const std::string& tensor, int64_t index, float value);

}  // namespace wan

#endif  // WAN_TESTS_TESTING_CHECKPOINT_H_
