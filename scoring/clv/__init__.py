"""Customer lifetime value: what a customer is expected to buy, and what that is worth today.

BG/NBD says how many purchases are to come, Gamma-Gamma how much each will bring. The parameters
stand in the model (`parameters`) and are estimated offline (`fit`); what follows from them for one
customer is compiled (`bgnbd`, `gammagamma`, `value`). Formulas and sources: docs/clv.md.
"""
