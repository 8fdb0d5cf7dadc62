//! Reports: what they say, from which run, and what they make of hostile input.

mod amounts;
mod contracts;
mod decide;
mod finished;
mod hostile;
mod rendering;
mod shops;
mod trial;
