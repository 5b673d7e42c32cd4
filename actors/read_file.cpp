#include "actors/read_file.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

namespace flok {

expected<std::string> read_file(const std::string& path, std::size_t most, errc code) {
  const auto cannot = [&](const std::string& why) {
    return failure(code, path + ": cannot be read: " + why);
  };
  const auto close = [](std::FILE* f) { std::fclose(f); };
  const std::unique_ptr<std::FILE, decltype(close)> in{std::fopen(path.c_str(), "rbe"),
                                                       close};
  if (!in)
    return cannot(std::strerror(errno));
  constexpr std::size_t chunk_bytes = std::size_t{64} << 10U;
  std::string text;
  while (text.size() <= most) {
    const auto before = text.size();
    text.resize(before + chunk_bytes);
    const auto got = std::fread(text.data() + before, 1, chunk_bytes, in.get());
    text.resize(before + got);
    if (std::ferror(in.get()) != 0)
      return cannot(errno == EISDIR ? "it is a directory" : std::strerror(errno));
    if (got < chunk_bytes)
      break;
  }
  if (text.size() > most)
    return cannot("it is longer than " + std::to_string(most) + " bytes");
  return text;
}

} // namespace flok
