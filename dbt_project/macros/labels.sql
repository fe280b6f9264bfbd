{# A label without what contractors vary without meaning it: case, blanks, kinds of quotes and dashes, and
   punctuation at its end. As orchestration/registry/drift/texts.py has it. #}
{% macro plain_text(label) -%}
    {%- set words -%}
        trim(regexp_replace(lower(translate({{ label }}, '‘’“”„–—', '''''"""--')), '[ \t\n\r\f\v\x{00a0}]+', ' ', 'g'), ' ')
    {%- endset -%}
    coalesce(nullif(rtrim({{ words }}, ' .,;:!?…'), ''), nullif({{ words }}, ''))
{%- endmacro %}
