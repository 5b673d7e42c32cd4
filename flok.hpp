// All that a program needs to embed flok and to write controllers. CAF's headers stay out;
// who writes pagers or speaks to actors includes <flok/pagers/pager.hpp> and its like
// besides.
#pragma once

#include "flok/actors/controller.hpp"
#include "flok/actors/open.hpp"
#include "flok/actors/system.hpp"
#include "flok/pagers/builtin.hpp"
#include "flok/runtime/config.hpp"
#include "flok/runtime/draft.hpp"
#include "flok/runtime/errors.hpp"
#include "flok/runtime/page.hpp"
