//! ringwalk
