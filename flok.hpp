// All that a program needs to embed flok and to write controllers. CAF's headers stay out;
// who writes pagers or speaks to actors includes <flok/pagers/pager.hpp> and its like
// besides.
#pragma once

#include "actors/controller.hpp"
#include "actors/open.hpp"
#include "actors/system.hpp"
#include "pagers/builtin.hpp"
#include "runtime/config.hpp"
#include "runtime/draft.hpp"
#include "runtime/errors.hpp"
#include "runtime/page.hpp"
