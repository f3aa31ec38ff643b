-- schema: every table of the Store, its grain, keys and units
-- grain:   stated above each table; `key:` names the columns that identify a row (none: rows are only ever appended)
-- inputs:  none; run once, when a Store is created
-- params:  none
--
-- Each column's comment is `Chinese label | English meaning`; store.py copies both into the database, and the canonical
-- layouts, the pages' headings and docs/layouts.md are made from them. `_yuan` is DECIMAL(18, 2), `_on` a DATE, `_at` a
-- TIMESTAMP in Beijing time without zone, `share` and `rate` fractions from 0 to 1. What is unknown is null.

-- ---------------------------------------------------------------------------------------------------------------------
-- provenance
-- ---------------------------------------------------------------------------------------------------------------------

-- store_meta: 数据库版本 · one row
create table store_meta (
    version text, -- 版本 | digest of all sources and of the importer
    importer_version text, -- 导入程序版本 | importer that wrote this Store
    schema_version integer -- 表结构版本 | version of this file
);

-- sources: 来源文件 · one row per file by content; of a workbook one per sheet, of a zip one per file in it
-- key: source_id
create table sources (
    source_id text, -- 来源编号 | S and 12 hex digits of the file's sha256; of a part, of that, member and sheet
    seq integer, -- 导入顺序 | order of import, from 1
    delivery text, -- 交付批次 | folder that was handed over
    name text, -- 文件名 | path of the file inside the delivery
    member text, -- 压缩包成员 | member of a zip, empty for plain files
    sheet text, -- 工作表 | sheet of a workbook, empty for text files
    path text, -- 存放位置 | where it lies: relative to the project, or absolute when outside it
    sha256 text, -- 文件哈希 | SHA-256 of the file's bytes
    bytes bigint, -- 字节数 | size of the file
    encoding text, -- 编码 | encoding by which it was decoded strictly; sheet for a sheet
    delimiter text, -- 分隔符 | field delimiter
    profile_id text, -- 版式 | profile that read it; null if none knows it
    importer_version text, -- 导入程序版本 | importer that read it
    header_line bigint, -- 表头行 | line of the header, from 1
    rows_read bigint, -- 读取行数 | data rows found
    rows_accepted bigint, -- 采用行数 | data rows in curated tables
    rows_quarantined bigint, -- 隔离行数 | data rows set apart with a reason
    rows_set_aside bigint, -- 不计行数 | rows that are no transactions (closed, counted as neither income nor expense): not read
    state text, -- 状态 | imported, set_aside (recognised and not needed, or unknown part), quarantined (unreadable)
    unused_columns text[], -- 未用的列 | header columns that the profile does not use
    corrects text, -- 更正对象 | the source whose rows a sheet of corrections corrects
    facts text -- 题头事实 | what titles and the file's name tell beside the rows (whose account), as JSON
);

-- control_totals: 控制总数 · one row per source, table and amount column; one more per direction where the file states its total
-- key: source_id, table_name, column_name, side
create table control_totals (
    source_id text, -- 来源编号 | file
    table_name text, -- 表 | curated table
    column_name text, -- 列 | amount column
    side text, -- 收付方向 | in or out: of these rows alone; empty: of all
    row_count bigint, -- 行数 | accepted rows with an amount
    source_total decimal(38, 12), -- 来源合计 | sum of the amounts as written
    stored_total decimal(38, 2), -- 入库合计 | sum of the amounts as stored
    rounding decimal(38, 12), -- 舍入差 | source total less stored total
    stated_rows bigint, -- 文件所载行数 | how many rows the file says it has
    stated_total decimal(38, 2) -- 文件所载合计 | what the file says they add up to
);

-- spans: 字节区段 · one row per run of bytes, of a sheet of rows, of one kind; together they tile it without gap or overlap
-- key: source_id, member, sheet, line_from
create table spans (
    source_id text, -- 来源编号 | file
    member text, -- 压缩包成员 | member of a zip, empty for plain files
    sheet text, -- 工作表 | sheet of a workbook, empty for text files
    kind text, -- 种类 | preamble, header, accepted, quarantined, blank, total, trailer
    line_from bigint, -- 起始行 | first line, from 1
    line_to bigint, -- 结束行 | last line
    byte_from bigint, -- 起始字节 | first byte, from 0; null in a sheet
    byte_to bigint -- 结束字节 | byte after the last; null in a sheet
);

-- quarantine: 隔离行 · one row per data row that could not be used, and per file that could not be read
-- key: source_id, line
create table quarantine (
    source_id text, -- 来源编号 | file
    line bigint, -- 行号 | first line of the row; 0 for a whole file
    reason text, -- 原因 | why it was set apart
    original_text text -- 原文 | the row as written; undecodable bytes as \xNN
);

-- corrections: 更正 · one row per row set apart that somebody has corrected: both versions are kept
-- key: source_id, line
create table corrections (
    source_id text, -- 来源编号 | file of the row that was set apart
    line bigint, -- 行号 | its line
    corrected_source_id text, -- 更正来源 | sheet of corrections
    corrected_line bigint, -- 更正行号 | row there, which took its place
    corrected_by text, -- 更正人 | who, as written there
    note text, -- 更正说明 | why, as written there
    print text -- 校验 | 16 hex digits over the corrected cells
);

-- origins: 合并来源 · one row per curated row and file row that it was merged from, where there are several
create table origins (
    table_name text, -- 表 | curated table
    row_id text, -- 记录编号 | key of the curated row
    source_id text, -- 来源编号 | file
    line bigint -- 行号 | line
);

-- flags: 号码校验 · one row per number that fails its own check; nothing was rejected for it
-- key: table_name, row_id, column_name
create table flags (
    source_id text, -- 来源编号 | file of the row; origins has the others, where there are several
    line bigint, -- 行号 | line
    table_name text, -- 表 | curated table
    row_id text, -- 记录编号 | key of the curated row
    column_name text, -- 列 | column that holds the number
    reason text, -- 原因 | bad_check_digit, bad_birth_date, bad_length, bad_alphabet, digits_lost
    written text -- 原文 | number as it stands in the row
);

-- party_records: 主体出现记录 · one row per mention of a party in a file; what joined it is worked out at each import
-- key: record_id
create table party_records (
    record_id text, -- 记录编号 | id of the mention
    party_id text, -- 主体编号 | party it was joined to
    written_name text, -- 原文名称 | name as written
    written_number text, -- 原文证件号 | identity number as written
    seen_in text, -- 出现位置 | table and column
    written_id text, -- 原文主体编号 | id that the file gives the party; null where it gives none
    joined_by text, -- 归并依据 | id (as in the file), identity_number, uscc, account, number_name, phone_name, decision
    confidence double, -- 把握程度 | of the weakest key on the way to the party, 0 to 1
    source_id text, -- 来源编号 | file
    line bigint -- 行号 | line
);

-- party_ids: 主体归并 · one row per id that answers to another one; derived from keys and decisions at import
-- key: party_id
create table party_ids (
    party_id text, -- 主体编号 | id that a file gives
    resolved_id text, -- 归并后编号 | id that all of them answer to
    joined_by text, -- 归并依据 | weakest key on the way, as in party_records
    confidence double -- 把握程度 | of that key, 0 to 1
);

-- party_conflicts: 主体归并冲突 · one row per key that would make one party of what must not be one; it joined nothing
-- key: joined_by, value
create table party_conflicts (
    joined_by text, -- 归并依据 | kind of key, as in party_records
    value text, -- 键值 | the number, account, phone or pair
    party_ids text[], -- 相关主体编号 | parties that share it
    record_ids text[], -- 相关记录编号 | mentions without a party of their own that share it
    reason text -- 原因 | two_identity_numbers, two_credit_codes, person_and_body, other_names, decided_different
);

-- ---------------------------------------------------------------------------------------------------------------------
-- who
-- ---------------------------------------------------------------------------------------------------------------------

-- institutions: 机构 · one row per institution under inspection
-- key: institution_id
create table institutions (
    institution_id text, -- 机构编号 | id of the institution
    name text, -- 机构名称 | platform or trade name
    party_id text, -- 运营主体编号 | operating company; the institution's own id, if empty
    business_types text, -- 业务类型 | types of business, separated by ;
    online_on date, -- 上线日期 | first day of business on line
    website text, -- 网站 | address of the website
    office text, -- 所属办事处 | office in charge of the address
    list_origin text, -- 名单来源 | list that named it
    disposal_class text, -- 处置类别 | class on that list: rectify, ban, exit, ...
    responsible_unit text, -- 责任单位 | unit responsible
    source_id text, -- 来源编号 | file
    line bigint -- 行号 | line
);

-- parties: 主体 · one row per person, company or body
-- key: party_id
create table parties (
    party_id text, -- 主体编号 | id of the party
    kind text, -- 主体类型 | person, company, partnership, fund, state, other; null is unknown
    name text, -- 名称 | name as registered
    former_names text, -- 曾用名 | earlier names, separated by ;
    id_number text, -- 证件号码 | identity number of a person
    uscc text, -- 统一社会信用代码 | unified social credit code
    listed boolean, -- 是否上市 | whether its shares are listed
    legal_representative text, -- 法定代表人 | name of the legal representative
    registered_on date, -- 成立日期 | day of registration
    registered_capital_yuan decimal(18, 2), -- 注册资本(元) | registered capital
    status text, -- 登记状态 | active, revoked, cancelled, ...
    scope_text text, -- 经营范围 | registered scope of business
    address text, -- 地址 | registered or home address
    phone text, -- 电话 | telephone number
    email text, -- 邮箱 | e-mail address
    born_on date, -- 出生日期 | day of birth of a person
    student boolean, -- 是否学生 | whether known to be a student
    blocked boolean, -- 是否冻结 | whether marked as blocked at the source
    source_id text, -- 来源编号 | file
    line bigint -- 行号 | line
);

-- holdings: 持股 · one row per holder, held company and period
-- key: holding_id
create table holdings (
    holding_id text, -- 持股编号 | id of the record
    holder_id text, -- 持有人编号 | party that holds
    held_id text, -- 被持有主体编号 | company that is held
    share double, -- 持股比例 | fraction of the capital; null is unknown
    share_low double, -- 持股比例下限 | lower bound, where a range is stated
    share_high double, -- 持股比例上限 | upper bound, where a range is stated
    voting_share double, -- 表决权比例 | fraction of the votes; the share, if empty
    subscribed_yuan decimal(18, 2), -- 认缴出资额(元) | capital subscribed
    paid_in_yuan decimal(18, 2), -- 实缴出资额(元) | capital paid in
    nominee_for text, -- 代持实际出资人编号 | party for which it is held
    valid_from date, -- 起始日期 | first day; since ever, if empty
    valid_to date, -- 终止日期 | first day on which it no longer holds; still holds, if empty
    source_id text, -- 来源编号 | file
    line bigint -- 行号 | line
);

-- roles: 任职 · one row per person, entity, role and period
-- key: role_id
create table roles (
    role_id text, -- 任职编号 | id of the record
    person_id text, -- 人员编号 | party that holds the office
    entity_id text, -- 任职主体编号 | company or institution
    role text, -- 职务 | legal_representative, director, supervisor, senior_manager, staff, shareholder_representative
    title text, -- 职务名称 | title as written
    claimed_only boolean, -- 仅自述 | claimed in a CV, in no register
    valid_from date, -- 起始日期 | first day
    valid_to date, -- 终止日期 | first day on which it no longer holds
    source_id text, -- 来源编号 | file
    line bigint -- 行号 | line
);

-- links: 关联 · one row per tie between two parties other than a holding or an office
-- key: link_id
create table links (
    link_id text, -- 关联编号 | id of the record
    a_id text, -- 主体甲编号 | first party (the guarantor, the nominee, who controls by contract)
    b_id text, -- 主体乙编号 | second party (the guaranteed, the principal, the controlled)
    kind text, -- 关联类型 | kin, acting_in_concert, proxy, vie, guarantee, interest, same_phone, same_address, same_device
    detail text, -- 说明 | detail as written
    valid_from date, -- 起始日期 | first day
    valid_to date, -- 终止日期 | first day on which it no longer holds
    source_id text, -- 来源编号 | file
    line bigint -- 行号 | line
);

-- registry_changes: 工商变更 · one row per changed item of a registration
-- key: change_id
create table registry_changes (
    change_id text, -- 变更编号 | id of the record
    entity_id text, -- 主体编号 | company
    changed_on date, -- 变更日期 | day of the change
    item text, -- 变更事项 | item changed
    before_text text, -- 变更前 | text before
    after_text text, -- 变更后 | text after
    source_id text, -- 来源编号 | file
    line bigint -- 行号 | line
);

-- licences: 许可备案 · one row per licence, filing or written consent
-- key: licence_id
create table licences (
    licence_id text, -- 许可编号 | id of the record
    institution_id text, -- 机构编号 | institution or party that holds it
    kind text, -- 许可类型 | financial, telecom, icp, security_level, name_consent, ...
    number text, -- 证照文号 | number of the document
    valid_from date, -- 起始日期 | first day
    valid_to date, -- 终止日期 | first day on which it is no longer valid
    site_checked_on date, -- 网站核查日期 | day on which the site was looked at
    site_alive boolean, -- 网站是否可访问 | whether it answered
    source_id text, -- 来源编号 | file
    line bigint -- 行号 | line
);

-- sanctions: 处罚与失信 · one row per sanction on a party
-- key: sanction_id
create table sanctions (
    sanction_id text, -- 处罚编号 | id of the record
    party_id text, -- 主体编号 | party concerned
    decided_on date, -- 日期 | day of the decision
    kind text, -- 类型 | judgment_defaulter, administrative, criminal, licence_revoked, bankruptcy
    detail text, -- 内容 | detail as written
    source_id text, -- 来源编号 | file
    line bigint -- 行号 | line
);

-- ---------------------------------------------------------------------------------------------------------------------
-- money
-- ---------------------------------------------------------------------------------------------------------------------

-- accounts: 账户 · one row per bank or payment account
-- key: account_id
create table accounts (
    account_id text, -- 账户编号 | id of the account, usually its number
    bank text, -- 开户机构 | bank or payment company
    holder_id text, -- 户主编号 | party that owns it
    holder_name text, -- 户名 | name of the account as written
    purpose text, -- 账户用途 | own, custody_total, custody_sub, fee, reserve, personal, third_party, payment, tax, settlement
    account_type text, -- 账户类型 | type as written at the source
    opened_on date, -- 开户日期 | day of opening
    closed_on date, -- 销户日期 | day of closing
    statement_from date, -- 流水起始日期 | first day that the statements cover; the first flow, if empty
    statement_to date, -- 流水截止日期 | last day that the statements cover; the last flow, if empty
    blocked boolean, -- 是否冻结 | whether marked as blocked at the source
    source_id text, -- 来源编号 | file
    line bigint -- 行号 | line
);

-- devices: 登录设备 · one row per sign-in of a device to an account; without an account: the device as registered
-- key: sign_in_id
create table devices (
    sign_in_id text, -- 登录编号 | id of the record
    device_id text, -- 设备编号 | id of the device
    account_id text, -- 账户编号 | account signed in to
    kind text, -- 设备类型 | type of the device
    "at" timestamp, -- 时间 | time of the sign-in
    blocked boolean, -- 是否冻结 | whether marked as blocked at the source
    source_id text, -- 来源编号 | file
    line bigint -- 行号 | line
);

-- flows: 银行流水 · one row per line of a statement
-- key: flow_id
create table flows (
    flow_id text, -- 流水编号 | id of the line
    account_id text, -- 账户编号 | account whose statement it is
    seq bigint, -- 银行序号 | order given by the bank, ascending in time
    "at" timestamp, -- 发生时间 | time of booking
    day_only boolean, -- 仅有日期 | the source states a day and no time
    direction text, -- 收付方向 | in or out, seen from the account
    amount_yuan decimal(18, 2), -- 金额(元) | amount, positive
    balance_yuan decimal(18, 2), -- 余额(元) | balance after the line
    counterparty_account text, -- 对方账号 | account on the other side
    counterparty_name text, -- 对方户名 | name on the other side
    counterparty_bank text, -- 对方开户行 | bank on the other side
    kind text, -- 资金类型 | transfer, withdrawal, disbursement, repayment, fee, interest, capital, refund, other
    channel text, -- 渠道 | counter, online, third party, cash, ...
    memo text, -- 摘要 | purpose as written
    loan_id text, -- 合同编号 | loan contract that the line names
    bank_ref text, -- 交易流水号 | the bank's reference
    source_id text, -- 来源编号 | file
    line bigint -- 行号 | line
);

-- transfers: 资金划转 · one row per movement of money between two accounts; derived from flows at import
-- key: transfer_id
create table transfers (
    transfer_id text, -- 划转编号 | id: that of the paying side's flow, else of the receiving side's
    flow_ids text[], -- 流水编号 | the one or two flows that show it
    payer_account text, -- 付款账户 | account that paid; null is unknown
    payee_account text, -- 收款账户 | account that received; null is unknown
    "at" timestamp, -- 时间 | time: the payer's side, where both are held
    day_only boolean, -- 仅有日期 | no time is known
    amount_yuan decimal(18, 2), -- 金额(元) | amount
    kind text, -- 资金类型 | as in flows
    loan_id text, -- 合同编号 | loan contract that either side names
    memo text, -- 摘要 | purpose as written
    reversal_of text, -- 冲正对象 | earlier transfer that this one undoes
    file_order bigint -- 文件顺序 | sorts as the first of its flows stands: source, then line; for ties
);

-- projects: 标的 · one row per listing
-- key: project_id
create table projects (
    project_id text, -- 标的编号 | id of the listing
    institution_id text, -- 机构编号 | platform
    title text, -- 标的名称 | title
    amount_yuan decimal(18, 2), -- 标的金额(元) | amount sought
    listed_at timestamp, -- 上标时间 | start of fund-raising
    deadline_on date, -- 募集截止日期 | stated end of fund-raising
    full_at timestamp, -- 满标时间 | time at which it was filled
    term_days integer, -- 期限(天) | term
    purpose text, -- 借款用途 | purpose as written
    product_type text, -- 产品类型 | product
    borrower_id text, -- 借款人编号 | borrower
    source_id text, -- 来源编号 | file
    line bigint -- 行号 | line
);

-- loans: 借款合同 · one row per loan contract
-- key: loan_id
create table loans (
    loan_id text, -- 合同编号 | number of the contract
    project_id text, -- 标的编号 | listing
    institution_id text, -- 机构编号 | platform
    borrower_id text, -- 借款人编号 | borrower
    lender_id text, -- 出借人编号 | lender; null where many lend
    principal_yuan decimal(18, 2), -- 借款本金(元) | principal
    outstanding_yuan decimal(18, 2), -- 待偿余额(元) | principal outstanding as stated at the source
    rate double, -- 年利率 | annual rate, fraction
    term_days integer, -- 期限(天) | term
    upfront_fee_yuan decimal(18, 2), -- 前期费用(元) | fees deducted or paid at the start
    periodic_fee_yuan decimal(18, 2), -- 期间费用(元) | fee per instalment
    signed_on date, -- 签订日期 | day of signing
    started_on date, -- 起息日期 | day on which the loan starts
    due_on date, -- 到期日期 | last due day
    repay_method text, -- 还款方式 | annuity, equal_principal, interest_first, bullet
    guarantor_id text, -- 担保人编号 | guarantor
    purpose text, -- 借款用途 | purpose as written
    disbursement_account text, -- 放款账户 | account agreed for the payout
    esign_id text, -- 电子签名编号 | id of the electronic signature
    status text, -- 合同状态 | status as written
    source_id text, -- 来源编号 | file
    line bigint -- 行号 | line
);

-- schedules: 还款计划 · one row per loan and instalment
-- key: loan_id, period
create table schedules (
    loan_id text, -- 合同编号 | loan
    period integer, -- 期次 | number of the instalment
    due_on date, -- 应还日期 | due day
    principal_yuan decimal(18, 2), -- 应还本金(元) | principal due
    interest_yuan decimal(18, 2), -- 应还利息(元) | interest due
    fee_yuan decimal(18, 2), -- 应还费用(元) | fee due
    source_id text, -- 来源编号 | file
    line bigint -- 行号 | line
);

-- repayments: 还款 · one row per repayment as the platform records it
-- key: repayment_id
create table repayments (
    repayment_id text, -- 还款编号 | id of the record
    loan_id text, -- 合同编号 | loan
    period integer, -- 期次 | number of the instalment
    paid_on date, -- 还款日期 | day paid
    amount_yuan decimal(18, 2), -- 还款金额(元) | total paid; the sum of the parts, if empty
    principal_yuan decimal(18, 2), -- 归还本金(元) | principal
    interest_yuan decimal(18, 2), -- 支付利息(元) | interest
    fee_yuan decimal(18, 2), -- 支付费用(元) | fees
    payer_account text, -- 付款账户 | account that paid
    payer_id text, -- 付款人编号 | party that paid
    lender_paid_on date, -- 出借人到账日期 | day on which the lender was paid
    lender_paid_account text, -- 出借人收款来源账户 | account from which the lender was paid
    flow_id text, -- 流水编号 | statement line that shows it
    source_id text, -- 来源编号 | file
    line bigint -- 行号 | line
);

-- assignments: 债权转让 · one row per assignment of a claim
-- key: assignment_id
create table assignments (
    assignment_id text, -- 转让编号 | id of the record
    loan_id text, -- 合同编号 | loan
    from_lender_id text, -- 转让人编号 | lender that assigns
    to_lender_id text, -- 受让人编号 | lender that takes over
    assigned_on date, -- 转让日期 | day
    principal_yuan decimal(18, 2), -- 转让本金(元) | principal assigned
    price_yuan decimal(18, 2), -- 转让价格(元) | price paid
    product_name text, -- 产品名称 | product under which it was sold
    source_id text, -- 来源编号 | file
    line bigint -- 行号 | line
);

-- ledger_entries: 财务台账 · one row per entry of the institution's books
-- key: entry_id
create table ledger_entries (
    entry_id text, -- 分录编号 | id of the entry
    institution_id text, -- 机构编号 | institution
    booked_on date, -- 记账日期 | day of booking
    voucher text, -- 凭证号 | voucher number
    account_code text, -- 科目代码 | ledger account
    account_title text, -- 科目名称 | title of the ledger account
    debit_yuan decimal(18, 2), -- 借方金额(元) | debit
    credit_yuan decimal(18, 2), -- 贷方金额(元) | credit
    summary text, -- 摘要 | text of the entry
    loan_id text, -- 合同编号 | loan that the entry names
    source_id text, -- 来源编号 | file
    line bigint -- 行号 | line
);

-- custody_days: 存管日终 · one row per institution and day
-- key: institution_id, day_on
create table custody_days (
    institution_id text, -- 机构编号 | institution
    day_on date, -- 日期 | day
    bank_balance_yuan decimal(18, 2), -- 银行余额(元) | balance by the custodian
    ledger_balance_yuan decimal(18, 2), -- 台账余额(元) | balance by the institution's books
    sub_accounts_yuan decimal(18, 2), -- 子账户合计(元) | sum of the clients' sub-accounts
    source_id text, -- 来源编号 | file
    line bigint -- 行号 | line
);

-- ---------------------------------------------------------------------------------------------------------------------
-- what is said, and what is done about it
-- ---------------------------------------------------------------------------------------------------------------------

-- disclosures: 信息披露 · one row per published figure
-- key: disclosure_id
create table disclosures (
    disclosure_id text, -- 披露编号 | id of the record
    institution_id text, -- 机构编号 | institution
    as_of_on date, -- 统计日期 | day that the figure is of
    published_on date, -- 披露日期 | day of publication
    channel text, -- 披露渠道 | website, association, ...
    metric text, -- 指标 | figure
    value_text text, -- 披露值 | value as written
    source_id text, -- 来源编号 | file
    line bigint -- 行号 | line
);

-- advertisements: 广告宣传 · one row per advertisement seen
-- key: advertisement_id
create table advertisements (
    advertisement_id text, -- 广告编号 | id of the record
    institution_id text, -- 机构编号 | institution
    seen_at timestamp, -- 发现时间 | time at which it was seen
    channel text, -- 渠道 | medium
    body text, -- 内容 | text
    snapshot_sha256 text, -- 快照哈希 | SHA-256 of the snapshot
    source_id text, -- 来源编号 | file
    line bigint -- 行号 | line
);

-- exit_plans: 退出方案 · one row per institution and version
-- key: institution_id, plan_version
create table exit_plans (
    institution_id text, -- 机构编号 | institution
    plan_version text, -- 版本 | version of the plan
    submitted_on date, -- 提交日期 | day of submission
    approved_on date, -- 批准日期 | day of approval
    starts_on date, -- 开始日期 | first day of the exit
    ends_on date, -- 结束日期 | last day of the exit
    method text, -- 退出方式 | method
    sections text, -- 已有章节 | sections present, separated by ;
    source_id text, -- 来源编号 | file
    line bigint -- 行号 | line
);

-- exit_steps: 退出步骤 · one row per plan and step
-- key: institution_id, plan_version, step
create table exit_steps (
    institution_id text, -- 机构编号 | institution
    plan_version text, -- 版本 | version of the plan
    step integer, -- 步骤 | number of the step
    due_on date, -- 期限 | due day
    tier text, -- 兑付层级 | tier of lenders
    planned_yuan decimal(18, 2), -- 计划兑付(元) | amount planned
    planned_lenders integer, -- 计划人数 | lenders planned
    paid_yuan decimal(18, 2), -- 实际兑付(元) | amount paid as reported
    paid_lenders integer, -- 实际人数 | lenders paid as reported
    source_id text, -- 来源编号 | file
    line bigint -- 行号 | line
);

-- complaints: 投诉举报 · one row per complaint
-- key: complaint_id
create table complaints (
    complaint_id text, -- 投诉编号 | id of the record
    institution_id text, -- 机构编号 | institution
    received_on date, -- 收到日期 | day received
    channel text, -- 渠道 | petition office, hotline, platform, ...
    kind text, -- 类型 | subject
    amount_yuan decimal(18, 2), -- 涉及金额(元) | amount concerned
    source_id text, -- 来源编号 | file
    line bigint -- 行号 | line
);

-- interviews: 约谈记录 · one row per claim made in an interview
-- key: claim_id
create table interviews (
    claim_id text, -- 陈述编号 | id of the claim
    interview_id text, -- 约谈编号 | interview
    institution_id text, -- 机构编号 | institution
    person_id text, -- 被约谈人编号 | person interviewed
    held_on date, -- 约谈日期 | day
    topic text, -- 主题 | one of the notice's four topics
    claim_key text, -- 陈述事项 | what the claim is about
    claim_value text, -- 陈述内容 | what was claimed
    source_id text, -- 来源编号 | file
    line bigint -- 行号 | line
);

-- confirmations: 函证 · one row per request for confirmation
-- key: confirmation_id
create table confirmations (
    confirmation_id text, -- 函证编号 | id of the request
    institution_id text, -- 机构编号 | institution
    addressee text, -- 函证对象 | bank, registry or borrower asked
    subject text, -- 函证事项 | what is to be confirmed
    sent_on date, -- 发出日期 | day sent
    received_on date, -- 回函日期 | day of the answer
    asked_yuan decimal(18, 2), -- 函证金额(元) | amount asked about
    confirmed_yuan decimal(18, 2), -- 回函金额(元) | amount confirmed
    outcome text, -- 结果 | agreed, differing, unanswered
    source_id text, -- 来源编号 | file
    line bigint -- 行号 | line
);

-- samples: 抽样 · one row per sample drawn
-- key: sample_id
create table samples (
    sample_id text, -- 抽样编号 | id of the sample
    institution_id text, -- 机构编号 | institution
    population text, -- 总体 | table or query sampled
    population_sha256 text, -- 总体哈希 | SHA-256 of the frozen population
    method text, -- 方法 | method of selection
    seed bigint, -- 随机种子 | seed
    size integer, -- 样本量 | items drawn
    drawn_on date, -- 抽取日期 | day
    drawn_by text, -- 抽取人 | who drew it
    source_id text, -- 来源编号 | file
    line bigint -- 行号 | line
);

-- sample_items: 样本项目 · one row per sample and item
-- key: sample_id, item_id
create table sample_items (
    sample_id text, -- 抽样编号 | sample
    item_id text, -- 项目编号 | row of the population
    book_yuan decimal(18, 2), -- 账面金额(元) | book value
    audited_yuan decimal(18, 2), -- 核实金额(元) | audited value
    deviation boolean, -- 是否偏差 | whether the item deviates
    note text, -- 说明 | remark
    source_id text, -- 来源编号 | file
    line bigint -- 行号 | line
);

-- register_entries: 名单库 · one row per change of an institution's entry
-- key: entry_id
create table register_entries (
    entry_id text, -- 条目编号 | id of the entry
    institution_id text, -- 机构编号 | institution
    entered_on date, -- 日期 | day of the change
    action text, -- 动作 | add, change, remove
    category text, -- 类别 | category
    measure text, -- 处置措施 | measure
    exit_on date, -- 退出时间 | date of exit
    responsible text, -- 责任主体 | responsible body
    who text, -- 经办人 | who entered it
    why text, -- 理由 | reason
    source_id text, -- 来源编号 | file
    line bigint -- 行号 | line
);

-- grades: 风险分级 · one row per institution and day of grading
-- key: institution_id, graded_on
create table grades (
    institution_id text, -- 机构编号 | institution
    graded_on date, -- 评级日期 | day
    grade text, -- 等级 | band
    score double, -- 得分 | points from 0 to 100
    coverage double, -- 数据覆盖率 | fraction of the needed data at hand
    why text, -- 理由 | reason
    who text, -- 评定人 | who graded
    source_id text, -- 来源编号 | file
    line bigint -- 行号 | line
);

-- ---------------------------------------------------------------------------------------------------------------------
-- reference data, loaded from lib/rules/reference
-- ---------------------------------------------------------------------------------------------------------------------

-- lpr_rates: 贷款市场报价利率 · one row per day of publication
-- key: published_on
create table lpr_rates (
    published_on date, -- 公布日期 | day of publication
    one_year double, -- 一年期 | one-year rate, fraction
    mark text -- 核实标记 | V text read, M from memory, D proposal
);

-- restricted_words: 限制字样 · one row per list and word
-- key: list, word
create table restricted_words (
    list text, -- 清单 | list that names the word
    word text, -- 字样 | word
    in_force_from date, -- 生效日期 | first day on which the list applies
    basis text, -- 依据 | document
    mark text -- 核实标记 | V text read, M from memory, D proposal
);

-- workdays: 工作日历 · one row per day that differs from Monday to Friday
-- key: day_on
create table workdays (
    day_on date, -- 日期 | day
    working boolean, -- 是否工作日 | whether it is a working day
    mark text -- 核实标记 | V text read, M from memory, D proposal
);

-- checklist_items: 合规检查清单 · one row per item of the 108
-- key: item
create table checklist_items (
    item integer, -- 序号 | number of the item
    section text, -- 部分 | section
    body text, -- 内容 | text
    mark text -- 核实标记 | V text read, M from memory, D proposal
);
