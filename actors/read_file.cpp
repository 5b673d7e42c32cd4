#include "actors/read_file.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

namespace flok {

expected<std::string> read_file(const std::string& path, errc code) {
  std::error_code unknown;
  if (std::filesystem::is_directory(path, unknown)) // it would open, and read as empty
    return failure(code, path + ": cannot be read: it is a directory");
  errno = 0;
  std::ifstream in{path, std::ios::binary};
  std::ostringstream text;
  if (in && in.peek() != std::ifstream::traits_type::eof())
    text << in.rdbuf();
  if (!in.eof() && !in)
    return failure(code,
                   path + ": cannot be read: " + std::strerror(errno == 0 ? EIO : errno));
  return std::move(text).str();
}

} // namespace flok
