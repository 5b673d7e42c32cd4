// A pager outside of flok.
#pragma once

#include <flok/pagers/builtin.hpp>

namespace uses_flok {

/// The built-in pagers, and `unconfirmed`: memory whose pages all wait for an authority.
std::shared_ptr<const flok::pager_source> all_pagers();

} // namespace uses_flok
