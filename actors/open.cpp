#include "actors/open.hpp"

#include <filesystem>

#include "actors/messages.hpp"
#include "actors/read_file.hpp"
#include "runtime/limits.hpp"

namespace flok {

expected<system_options> read_options(const open_options& options,
                                      const pager_source& pagers) {
  const auto text = read_file(options.config_file, limits::line_bytes, errc::bad_config);
  if (!text)
    return failure(text.error());
  auto config = parse_config(*text, options.config_file, pagers.kinds());
  if (!config)
    return failure(config.error());
  system_options out;
  out.config_name = options.config_file;
  out.on_problem = options.on_problem;
  out.exporter = options.exporter;
  out.prepare = options.prepare;
  out.logger = options.logger;
  out.data = options.data;
  if (!out.data && config->storage_path)
    out.data =
        std::filesystem::path{options.config_file}.parent_path() / *config->storage_path;
  out.config = std::move(*config);
  return out;
}

expected<std::unique_ptr<system>> open(const open_options& options,
                                       const std::shared_ptr<const pager_source>& pagers) {
  if (!pagers)
    return failure(errc::bad_config, "no pagers were given; builtin_pagers() are there");
  auto read = read_options(options, *pagers);
  if (!read)
    return failure(read.error());
  return system::start(std::move(*read), *pagers);
}

} // namespace flok
