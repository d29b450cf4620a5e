//! Arithmetic as pure functions: a value and its flags. Both tiers call them.
