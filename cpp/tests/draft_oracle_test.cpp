#include "plain_recipe.hpp"
