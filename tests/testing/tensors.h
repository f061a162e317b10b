#ifndef WAN_TESTS_TESTING_TENSORS_H_
#define WAN_TESTS_TESTING_TENSORS_H_

#include <ATen/core/Tensor.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

namespace wan {

// The tensors of one safetensors file (F32, F16, BF16, I64, U8), read at once. Ends the test program when it cannot.
std::map<std::string, at::Tensor> ReadTensors(const std::string& path);

// Writes fp32 tensors as one safetensors file.
void WriteTensors(const std::string& path, const std::map<std::string, at::Tensor>& tensors);

// Compares in fp64. A failure tells the largest difference, where it is and both values there. Shapes must be equal,
// and what is not finite is never near.
::testing::AssertionResult Near(const at::Tensor& actual, const at::Tensor& expected, double max_difference);

}  // namespace wan

#endif  // WAN_TESTS_TESTING_TENSORS_H_
