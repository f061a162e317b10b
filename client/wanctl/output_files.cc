#include "client/wanctl/output_files.h"

#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/generation/spec.h"

namespace wan {
namespace {

// Where the extension begins (at its dot), or the end.
size_t ExtensionBegin(const std::string& path) {
  const size_t slash = path.rfind('/');
  const size_t name = slash == std::string::npos ? 0 : slash + 1;
  const size_t dot = path.rfind('.');
  return dot == std::string::npos || dot <= name ? path.size() : dot;
}

// The server's words become part of a path of ours: nothing but letters, digits, '-' and '_'.
std::string SafeName(absl::string_view text) {
  std::string name;
  for (const char c : text) name += absl::ascii_isalnum(c) || c == '-' || c == '_' ? c : '_';
  return name;
}

}  // namespace

std::string OutputPath(const std::optional<std::string>& output, const std::string& job_id, const v1::Video& video,
                       bool is_one_of_several) {
  const std::string path =
      output.has_value() ? *output : absl::StrCat(SafeName(job_id), ".", SafeName(video.container()));
  return is_one_of_several ? IndexedPath(path, video.index()) : path;
}

std::string IndexedPath(const std::string& path, int index) {
  const size_t extension = ExtensionBegin(path);
  return absl::StrCat(path.substr(0, extension), "-", index, path.substr(extension));
}

std::optional<std::string> ExtensionWarning(const std::string& path, absl::string_view codec_name) {
  const std::string extension = absl::AsciiStrToLower(path.substr(ExtensionBegin(path)));
  const std::optional<VideoCodec> codec = ParseVideoCodec(codec_name);
  if (extension.empty() || !codec.has_value()) return std::nullopt;
  const std::string right = absl::StrCat(".", VideoContainerName(*codec));
  if (extension == right) return std::nullopt;
  return absl::StrCat(path, " will hold ", codec_name, " in a ", right, " container, whatever its extension says");
}

}  // namespace wan
