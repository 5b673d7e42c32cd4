// Pages from a directory of JSON files (docs/pagers.md).
#pragma once

#include <flok/pagers/pager.hpp>

/// Spawns a pager whose pages are the files of a directory, {"path": DIRECTORY}: page
/// "news" is news.json, which holds that page. The directory is watched, not written.
flok::pager_actor spawn_files_pager(caf::actor_system& sys);
