"""The population of a model, out of customers as they are scored. Pure, like all of scoring.

Reading order: `customers` (what goes in), `rounding`, `figures` (of one indicator), `regressions`,
`tier_bounds`, `rescoring` (scores by the new figures), `calibrate` (all together), at last `text`
(the section of a model file). `stand_ins` lets a model be run that has no population yet.
"""
