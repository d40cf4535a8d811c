"""Weights of criteria, derived from experts' judgements or from figures. Pure, like all of scoring.

Reading order: `tables` and `shares` (what goes in and out), the judgements `ahp` and `panel`, the
figures `decision_matrix`, `entropy` and `critic`, at last `combined`. A criterion is whatever is
weighted: an indicator in its group, a group in its level.
"""
