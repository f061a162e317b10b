#include "worker/parallel/flat_layout.h"

#include <utility>

#include "common/log.h"

namespace wan {

void FlatLayout::Add(std::string name, at::ScalarType dtype, std::vector<int64_t> shape) {
  int64_t bytes = static_cast<int64_t>(c10::elementSize(dtype));
  for (const int64_t dim : shape) bytes *= dim;
  entries_.push_back({std::move(name), dtype, std::move(shape), total_bytes_, bytes});
  total_bytes_ += (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

std::vector<at::Tensor> FlatLayout::Views(const at::Tensor& flat) const {
  WAN_CHECK(flat.scalar_type() == at::kByte && flat.is_contiguous() && flat.numel() == total_bytes_);
  std::vector<at::Tensor> views;
  views.reserve(entries_.size());
  for (const Entry& entry : entries_) {
    views.push_back(flat.narrow(0, entry.offset, entry.bytes).view(entry.dtype).view(entry.shape));
  }
  return views;
}

}  // namespace wan
