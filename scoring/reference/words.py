"""What measures, marks, kinds of indicators, normalisers and fills are called in both languages.

What they compute is said in docs/semantics.md; here are the words for people.
"""

from typing import Final, NamedTuple


class Words(NamedTuple):
    """The same in English and Chinese."""

    en: str
    zh: str


MONEY: Final = Words("money", "金额")
COUNT: Final = Words("count", "次数")
DAYS: Final = Words("days", "天")
POINTS: Final = Words("points", "分")
DAY_NUMBERS: Final = Words("days from 1970-01-01", "自 1970-01-01 起的天数")

MEASURES: Final = {
    "orders": (Words("sales", "销售笔数"), COUNT),
    "sale_amount": (Words("what was sold", "销售额"), MONEY),
    "refunds": (Words("refunds", "退款笔数"), COUNT),
    "refund_amount": (Words("what was refunded", "退款额"), MONEY),
    "margin": (Words("gross profit of sales whose cost is known", "毛利（成本已知部分）"), MONEY),
    "costed_net": (Words("sales whose cost is known", "净销售额（成本已知部分）"), MONEY),
    "payments": (Words("payments", "收款笔数"), COUNT),
    "payment_amount": (Words("what was paid", "收款额"), MONEY),
    "payments_due": (Words("payments with a due day", "有到期日的收款笔数"), COUNT),
    "payments_on_time": (Words("payments on time", "按时收款笔数"), COUNT),
    "days_late": (Words("started days after the due day", "逾期天数"), DAYS),
    "complaints": (Words("complaints", "投诉次数"), COUNT),
    "complaint_severity": (Words("severity of complaints, 1 to 5 each", "投诉严重度"), POINTS),
    "praise": (Words("praise", "表扬次数"), COUNT),
    "praise_rated": (Words("praise with a rating", "有评分的表扬次数"), COUNT),
    "praise_rating": (Words("ratings of praise, 1 to 5 each", "表扬评分"), POINTS),
    "largest_order": (Words("the largest sale", "最大单笔销售额"), MONEY),
    "largest_unnamed": (
        Words("the largest sale without an order", "无订单号的最大单笔销售额"),
        MONEY,
    ),
    "largest_payment": (Words("the largest payment", "最大单笔收款额"), MONEY),
    "unsplit_costs": (Words("cost of sales that is not split into parts", "未拆分成本"), MONEY),
    "production_costs": (Words("production costs", "生产成本"), MONEY),
    "logistics_costs": (Words("logistics costs", "物流成本"), MONEY),
    "service_costs": (Words("service costs", "服务成本"), MONEY),
    "marketing_costs": (Words("marketing costs", "营销成本"), MONEY),
    "after_sales_costs": (Words("after-sales costs", "售后成本"), MONEY),
    "suggestions": (Words("suggestions", "建议次数"), COUNT),
    "promoters": (Words("answers 9 and 10 to “would you recommend us?”", "推荐者答卷数"), COUNT),
    "passives": (Words("answers 7 and 8 to it", "中立者答卷数"), COUNT),
    "detractors": (Words("answers 0 to 6 to it", "批评者答卷数"), COUNT),
    "csat": (Words("answers about satisfaction", "满意度答卷数"), COUNT),
    "csat_points": (Words("their points, 1 to 5 each", "满意度得分"), POINTS),
    "inquiries": (Words("inquiries about new business", "新业务咨询次数"), COUNT),
    "tasks": (Words("tasks", "任务数"), COUNT),
    "processes": (Words("processes", "进程数"), COUNT),
    "referrals": (Words("customers that it brought", "推荐新客户次数"), COUNT),
    "renewals": (Words("contracts renewed", "续签次数"), COUNT),
    "contracts": (Words("contracts signed for the first time", "新签合同数"), COUNT),
    "billed": (Words("sales on account", "应收入账额"), MONEY),
    "unmatched_due": (Words("what falls due without an invoice", "无发票到期额"), MONEY),
    "unmatched_paid": (Words("what was paid without an invoice", "未核销收款额"), MONEY),
    "cash_paid": (Words("what was paid without invoice and due date", "现付款额"), MONEY),
    "cash_refunds": (Words("what was refunded without invoice", "无发票退款额"), MONEY),
    "invoice_rest": (Words("what is open of invoices", "发票未付额"), MONEY),
    "open_invoices": (Words("invoices that are open", "未付发票数"), COUNT),
    "open_due_days": (Words("their due days", "未付发票到期日"), DAY_NUMBERS),
    "collections": (Words("payments of invoices", "发票收款笔数"), COUNT),
    "collection_days": (Words("days from the invoice to the payment", "收款天数"), DAYS),
}
"""By measure: what it is, and its unit."""

MARKS: Final = {
    "first_transaction": Words("the first sale or refund", "首次交易"),
    "last_sale": Words("the last sale", "最近一次销售"),
    "last_payment": Words("the last payment", "最近一次收款"),
    "last_complaint": Words("the last complaint", "最近一次投诉"),
    "last_praise": Words("the last praise", "最近一次表扬"),
    "first_sale": Words("the first sale", "首次销售"),
    "last_feedback": Words("the last feedback", "最近一次反馈"),
    "last_engagement": Words("the last engagement", "最近一次互动"),
}

SOURCES: Final = {
    "one": Words("1", "1"),
    "amount": Words("the amount", "金额"),
    "margin": Words("(amount − cost), if the cost is known", "（金额 − 成本），成本已知时"),
    "costed_amount": Words("the amount, if the cost is known", "金额（成本已知时）"),
    "due": Words("1, if a due day is known", "1（有到期日时）"),
    "on_time": Words("1, if it came by then", "1（按时时）"),
    "days_late": Words("calendar days after it", "逾期天数（按营业时区日历日）"),
    "severity": Words("the severity, 3 when absent", "严重度（缺省 3）"),
    "rated": Words("1, if it has a rating", "1（有评分时）"),
    "rating": Words("the points given", "评分"),
    "cost": Words("the cost, if it is known", "成本（已知时）"),
    "promoter": Words("1, if the answer is 9 or 10", "1（9–10 分时）"),
    "passive": Words("1, if the answer is 7 or 8", "1（7–8 分时）"),
    "detractor": Words("1, if the answer is 0 to 6", "1（0–6 分时）"),
}

_PART: Final = Words(
    "sale: + its part in `costs`; refund: − its part", "sale：+ `costs` 中的该项；refund：− 该项"
)
BESIDES: Final = {
    "payments_due": Words("payment of an invoice without `due_at`: 1", "无 `due_at` 的发票收款：1"),
    "payments_on_time": Words(
        "the same, if by the invoice's due day: 1", "同上，不晚于发票到期日：1"
    ),
    "days_late": Words("the same: days after the invoice's due day", "同上：晚于发票到期日的天数"),
    "unsplit_costs": Words(
        "sale: − each part in `costs`; refund: + each part",
        "sale：− `costs` 中的各项；refund：+ 各项",
    ),
    "production_costs": _PART,
    "logistics_costs": _PART,
    "service_costs": _PART,
    "marketing_costs": _PART,
    "after_sales_costs": _PART,
    "billed": Words(
        "sale with `invoice_id` or `due_at`: the amount",
        "有 `invoice_id` 或 `due_at` 的 sale：金额",
    ),
    "unmatched_due": Words(
        "sale with `due_at` and without invoice, on its due day: the amount",
        "有 `due_at` 而无发票的 sale，记在到期日：金额",
    ),
    "unmatched_paid": Words(
        "payment with `due_at` and without invoice: the amount; with one: what is beyond the bills",
        "有 `due_at` 而无发票的收款：金额；有发票的：超出账单的部分",
    ),
    "largest_unnamed": Words(
        "sale without `order_id`, on a day that has one with it: the amount",
        "同日另有带 `order_id` 的 sale 时，无 `order_id` 的 sale：金额",
    ),
    "cash_paid": Words(
        "payment without invoice and `due_at`: the amount", "无发票且无 `due_at` 的收款：金额"
    ),
    "cash_refunds": Words("refund without invoice: the amount", "无发票的退款：金额"),
    "invoice_rest": Words(
        "invoice, on its due day: bills − payments − refunds, if above 0",
        "每张发票，记在到期日：账单 − 收款 − 退款（大于 0 时）",
    ),
    "open_invoices": Words("the same: 1", "同上：1"),
    "open_due_days": Words("the same: the due day", "同上：到期日"),
    "collections": Words("payment of an invoice: 1", "发票收款：1"),
    "collection_days": Words(
        "payment of an invoice: days since it was issued", "发票收款：自开票起的天数"
    ),
}
"""What is added to a measure besides the rows of `scoring.measures.EFFECTS`."""

INDICATOR_KINDS: Final = {
    "sum": "窗口内计量项之和",
    "ratio": "两组计量项之和相除；除数不大于 0 时无值",
    "growth": "最近 n 天与再前 n 天之差 ÷ 再前 n 天（至少为 1）；两段都没有 `presence` 时无值",
    "days_since": "距某个标记日的天数；从未发生时无值",
    "share": "（Σ add + 1）÷（Σ add + Σ against + 2）：从一半开始的占比",
    "largest": "窗口内最大的一笔；没有时无值",
    "distinct": "最近 n 天内购买过的产品线数：交叉购买",
    "cycle": "相邻两次订单的平均间隔天数；不足两次时无值",
    "attribute": "客户属性的数值，可随时间淡化并过期；没有该属性时无值",
    "per_attribute": "窗口内金额 ÷ 客户属性的数值",
    "arrears": "逾期未付金额：未付发票，以及未被收款冲抵的到期额",
    "arrears_rate": "逾期未付金额 ÷ 窗口内应收入账额；无入账时无值",
    "overdue_days": "逾期未付发票的平均逾期天数；没有时无值",
    "expected_sales": "按最近的购买速度，未来若干天的预期销售额",
    "clv": "存活概率、预期购买次数，或贴现后的生命周期价值",
}
NORMALISERS: Final = {
    "linear": "`low` 为 0，`high` 为 1，中间为直线，两端为常数",
    "log": "ln(1 + x) ÷ ln(1 + `high`)，最多为 1",
    "piecewise": "各点 [x, y] 之间为直线，两端为常数",
    "logistic": "1 ÷ (1 + exp(−(x − `middle`) ÷ `scale`))",
    "steps": "不大于该值的最后一级 [x, y] 的 y；低于第一级时取第一级的 y",
}
FILLS: Final = {
    "constant": Words("a fixed value stands for a missing one", "用固定值代替缺失值"),
    "mean": Words("the population's mean stands for it", "用总体均值代替缺失值"),
    "median": Words("the population's median stands for it", "用总体中位数代替缺失值"),
    "peers": Words(
        "the mean or median of the customers with the same text in an attribute",
        "用同类客户（某属性的文字相同）的均值或中位数代替缺失值",
    ),
    "regression": Words(
        "a linear estimate from other indicators", "用其他指标的线性回归估计代替缺失值"
    ),
}
