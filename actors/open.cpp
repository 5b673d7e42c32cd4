#include "actors/open.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "actors/messages.hpp"

namespace flok {

namespace {

expected<std::string> read_file(const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  std::ostringstream text;
  if (in)
    text << in.rdbuf();
  if (!in)
    return failure(errc::bad_config,
                   path + ": cannot be read: " + std::strerror(errno == 0 ? EIO : errno));
  return std::move(text).str();
}

} // namespace

expected<system_options> read_options(const open_options& options,
                                      const pager_source& pagers) {
  const auto text = read_file(options.config_file);
  if (!text)
    return failure(text.error());
  auto config = parse_config(*text, options.config_file, pagers.kinds());
  if (!config)
    return failure(config.error());
  system_options out;
  out.config_name = options.config_file;
  out.on_problem = options.on_problem;
  out.data = options.data;
  if (!out.data && config->storage_path)
    out.data =
        std::filesystem::path{options.config_file}.parent_path() / *config->storage_path;
  out.config = std::move(*config);
  return out;
}

expected<std::unique_ptr<system>> open(const open_options& options,
                                       const std::shared_ptr<const pager_source>& pagers) {
  auto read = read_options(options, *pagers);
  if (!read)
    return failure(read.error());
  return system::start(std::move(*read), *pagers);
}

} // namespace flok
