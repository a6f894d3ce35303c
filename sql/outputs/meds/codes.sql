-- Every code of a MEDS dataset, what it means, and the parts that it is made of.
-- Grain: code.
-- Rule: the meaning comes from the source's own dictionary: d_labitems, d_items,
-- d_icd_procedures, d_hcpcs, the names of microbiology's tests; else from the contract
-- of the column that the code names; else a drug or a kind of order speaks for itself;
-- else it is what the contract says of the table. Parents are as in OMOP, with a slash
-- after the vocabulary, for procedures only: a service of five digits, or of four with
-- F, T or U, is of CPT4, one of a letter and four digits of HCPCS. The sources carry no
-- other published vocabulary. Of parts that make the same code, as a slash at an end
-- can, the first are named.
-- Columns:
--   code: As in the data.
--   description: What happened and what it means, the unit in brackets.
--   parent_codes: The same in a published vocabulary; null where there is none.
--   source_table: Contract of the table that has such events.
--   event: What happened, as in meds.events.
--   vocabulary: ICD-9 or ICD-10, of procedures.
--   source_code: What the source calls it.
--   unit: Unit of the numbers.
with

codes as (
    select distinct
        code,
        source_table,
        event,
        vocabulary,
        source_code,
        unit
    from meds.events
),

dictionary as (
    select
        'mimiciv_hosp.labevents' as source_table,
        cast(itemid as varchar) as source_code,
        cast(null as varchar) as vocabulary,
        concat_ws(', ', label, fluid, category) as meaning
    from mimiciv_hosp.d_labitems
    union all
    select
        concat('mimiciv_icu.', linksto) as source_table,
        cast(itemid as varchar) as source_code,
        null as vocabulary,
        concat_ws(', ', label, category) as meaning
    from mimiciv_icu.d_items
    union all
    select
        'mimiciv_hosp.procedures_icd' as source_table,
        icd_code as source_code,
        concat('ICD-', cast(icd_version as varchar)) as vocabulary,
        long_title as meaning
    from mimiciv_hosp.d_icd_procedures
    union all
    select
        'mimiciv_hosp.hcpcsevents' as source_table,
        code as source_code,
        null as vocabulary,
        coalesce(long_description, short_description) as meaning
    from mimiciv_hosp.d_hcpcs
    union all
    select
        'mimiciv_hosp.microbiologyevents' as source_table,
        cast(test_itemid as varchar) as source_code,
        null as vocabulary,
        string_agg(distinct test_name, ' / ' order by test_name) as meaning
    from cohort.hosp_microbiologyevents
    group by test_itemid
),

contract_columns as (
    select
        concat(table_schema, '.', table_name) as source_table,
        column_name,
        column_comment
    from information_schema.columns
    where column_comment is not null
),

contract_tables as (
    select
        concat(table_schema, '.', table_name) as source_table,
        table_comment
    from information_schema.tables
    where table_comment is not null
),

meanings as (
    select
        codes.code,
        case codes.code
            when 'MEDS_BIRTH' then 'birth: start of the year anchor_year - anchor_age'
            when 'MEDS_DEATH'
                then 'death: deathtime of the admission, else midnight of dod'
            else
                concat(
                    codes.event,
                    ': ',
                    coalesce(
                        dictionary.meaning,
                        measures.column_comment,
                        codes.source_code || '. ' || facts.column_comment,
                        facts.column_comment,
                        codes.source_code,
                        contract_tables.table_comment,
                        codes.source_table
                    ),
                    case
                        when measures.column_comment is null
                            then ' [' || codes.unit || ']'
                    end
                )
        end as description,
        case
            when codes.vocabulary = 'ICD-9'
                then
                    [
                        regexp_replace(
                            codes.source_code, '^(..)(.*)$', 'ICD9Proc/\1.\2'
                        )
                    ]
            when codes.vocabulary = 'ICD-10' then ['ICD10PCS/' || codes.source_code]
            when
                codes.source_table = 'mimiciv_hosp.hcpcsevents'
                and regexp_matches(codes.source_code, '^[0-9]{4}[0-9FTU]$')
                then ['CPT4/' || codes.source_code]
            when
                codes.source_table = 'mimiciv_hosp.hcpcsevents'
                and regexp_matches(codes.source_code, '^[A-V][0-9]{4}$')
                then ['HCPCS/' || codes.source_code]
        end as parent_codes,
        codes.source_table,
        codes.event,
        codes.vocabulary,
        codes.source_code,
        codes.unit
    from codes
    left join dictionary
        on
            codes.source_table = dictionary.source_table
            and codes.source_code = dictionary.source_code
            and codes.vocabulary is not distinct from dictionary.vocabulary
    left join contract_columns as measures
        on
            codes.source_table = measures.source_table
            and codes.source_code = measures.column_name
    left join contract_columns as facts
        on
            codes.source_table = facts.source_table
            and codes.event = facts.column_name
    left join contract_tables on codes.source_table = contract_tables.source_table
),

placed as (
    select
        code,
        description,
        parent_codes,
        source_table,
        event,
        vocabulary,
        source_code,
        unit,
        row_number() over (
            partition by code
            order by
                source_table,
                event,
                vocabulary,
                source_code,
                unit,
                description
        ) as place
    from meanings
),

final as (
    select
        code,
        description,
        parent_codes,
        source_table,
        event,
        vocabulary,
        source_code,
        unit
    from placed
    where place = 1
)

select * from final
