// The pager contract: everything that the writer of a pager includes (docs/pagers.md).
//
// A pager is a typed actor behind `pager_actor`. It owns a namespace and decides what reads
// and writes mean there. Seed 003.
//
//   pager_init      once, first: its namespace, its options, and where it caches
//   pager_watch     a page got its first watcher; bring it up to date when you can
//   pager_unwatch   a page lost its last watcher
//   pager_read      answered with the page, or none
//   pager_write     answered with `done` after any cache_write that it caused, or an error
//   pager_delete    answered with `done`, upon which the page is gone, or an error
//   pager_invalidate  answered with `done`, upon which the copy is dropped, or an error; a
//                   fresh copy may be cached at any time after it
//   pager_barrier   answered with `done` at once
//
// It sends `cache_write` to the actor that it got with `pager_init`, at any time, from
// itself.
#pragma once

#include "../actors/caf_compat.hpp"
#include "../actors/messages.hpp"
#include "../runtime/codec_json.hpp"
#include "../runtime/errors.hpp"
