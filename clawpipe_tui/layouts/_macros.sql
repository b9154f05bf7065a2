-- What several layouts share: bodies of requests and answers as one JSON value per prediction.

-- text as JSON; NULL where it is none
create or replace temp macro as_json(t) as try_cast(cast(t as varchar) as json);

-- the value under a key; NULL where there is none
create or replace temp macro under(j, k) as json_extract(cast(j as json), cast(k as varchar));

-- a JSON array as a list of JSON values; NULL where it is none
create or replace temp macro as_list(j) as case when json_type(j) = 'ARRAY' then from_json(j, '["JSON"]') end;

-- names and the values of one row: one object
create or replace temp macro named_row(names, row_values) as to_json(map(names, row_values));

-- a table given as names and rows of values
create or replace temp macro table_rows(names, rows) as
    list_transform(as_list(rows), lambda r: named_row(from_json(names, '["VARCHAR"]'), as_list(r)));

-- columns of equal length, {"a": [1, 2], "b": [3, 4]}: one object for each place
create or replace temp macro columnar_rows(o) as
    list_transform(range(cast(json_array_length(under(o, json_keys(o)[1])) as bigint)), lambda i:
        named_row(json_keys(o), list_transform(json_keys(o), lambda k: json_extract(under(o, k), i))));

-- the open inference protocol: one tensor [n, m] is n arrays; several tensors [n] are n objects
create or replace temp macro tensor_width(t) as coalesce(cast(json_extract(under(t, 'shape'), 1) as bigint), 1);
create or replace temp macro tensor_rows(t) as
    list_transform(range(coalesce(cast(json_extract(under(t, 'shape'), 0) as bigint),
                                  cast(json_array_length(under(t, 'data')) as bigint))), lambda i:
        case when tensor_width(t) = 1 then json_extract(under(t, 'data'), i)
             else to_json(as_list(under(t, 'data'))[i * tensor_width(t) + 1:(i + 1) * tensor_width(t)]) end);
create or replace temp macro tensors_rows(tensors) as
    case when len(tensors) = 1 and tensor_width(tensors[1]) > 1 then tensor_rows(tensors[1])
         else list_transform(range(1, len(tensor_rows(tensors[1])) + 1), lambda place:
                  named_row(list_transform(tensors, lambda t: json_extract_string(t, 'name')),
                            list_transform(tensors, lambda t: tensor_rows(t)[place])))
    end;

-- what was asked: one JSON value (an object, or an array by position) for each prediction of a batch
create or replace temp macro asked_rows(b) as
    case when under(b, 'dataframe_split') is not null
              then table_rows(json_extract(b, '$.dataframe_split.columns'), json_extract(b, '$.dataframe_split.data'))
         when under(b, 'dataframe_records') is not null                   then as_list(under(b, 'dataframe_records'))
         when under(b, 'instances') is not null                           then as_list(under(b, 'instances'))
         when json_extract(b, '$.inputs[0].datatype') is not null         then tensors_rows(as_list(under(b, 'inputs')))
         when json_type(under(b, 'inputs')) = 'ARRAY'                     then as_list(under(b, 'inputs'))
         when json_type(under(b, 'inputs')) = 'OBJECT'                    then columnar_rows(under(b, 'inputs'))
         when json_extract(b, '$.data.ndarray') is not null and json_extract(b, '$.data.names') is not null
              then table_rows(json_extract(b, '$.data.names'), json_extract(b, '$.data.ndarray'))
         when json_extract(b, '$.data.ndarray') is not null               then as_list(json_extract(b, '$.data.ndarray'))
         when json_type(b) = 'ARRAY'                                      then as_list(b)
         when json_type(b) = 'OBJECT'                                     then [cast(b as json)]
    end;

-- what was answered: one JSON value for each prediction of a batch; nothing where it is an error
create or replace temp macro answered_rows(b) as
    case when json_type(under(b, 'predictions')) = 'ARRAY'                then as_list(under(b, 'predictions'))
         when under(b, 'predictions') is not null                         then [under(b, 'predictions')]
         when json_extract(b, '$.outputs[0].data') is not null            then tensor_rows(json_extract(b, '$.outputs[0]'))
         when json_type(under(b, 'outputs')) = 'ARRAY'                    then as_list(under(b, 'outputs'))
         when json_extract(b, '$.data.ndarray') is not null               then as_list(json_extract(b, '$.data.ndarray'))
         when json_type(b) = 'ARRAY'                                      then as_list(b)
         when under(b, 'error') is null and under(b, 'error_code') is null and json_type(b) <> 'NULL' then [cast(b as json)]
    end;

-- what an error says of itself
create or replace temp macro error_text(b) as
    coalesce(json_extract_string(b, 'error_code'), json_extract_string(b, 'error'), json_extract_string(b, 'message'));

-- lines of comma-separated text as arrays by position
create or replace temp macro csv_rows(t) as
    list_transform(list_filter(string_split_regex(t, '\r?\n'), lambda line: trim(line) <> ''), lambda line:
        to_json(list_transform(string_split(line, ','), lambda field: trim(field))));

-- one answer as text: an array of one is its value; an object is what it names as its prediction
create or replace temp macro answer_text(j) as
    case json_type(j) when 'ARRAY'  then case when json_array_length(j) = 1 then json_extract_string(j, '$[0]') end
                      when 'OBJECT' then coalesce(json_extract_string(j, 'prediction'), json_extract_string(j, 'predicted_label'),
                                                  json_extract_string(j, 'label'), json_extract_string(j, 'class'),
                                                  json_extract_string(j, 'score'))
                      else json_extract_string(j, '$') end;
create or replace temp macro several(j) as
    case when json_type(j) = 'ARRAY' and json_array_length(j) > 1 then try(from_json(j, '["DOUBLE"]')) end;

-- a whole number or a text is what was predicted; any other number is a score, and so is the largest of several
create or replace temp macro answer_class(j) as
    case when several(j) is not null then cast(list_position(several(j), list_max(several(j))) - 1 as varchar)
         when regexp_full_match(answer_text(j), '-?[0-9]+') or try_cast(answer_text(j) as double) is null then answer_text(j)
    end;
create or replace temp macro answer_score(j) as
    case when several(j) is not null then list_max(several(j))
         when json_type(j) = 'OBJECT'
              then try_cast(coalesce(json_extract_string(j, 'score'), json_extract_string(j, 'probability'), answer_text(j)) as double)
         when not regexp_full_match(answer_text(j), '-?[0-9]+') then try_cast(answer_text(j) as double)
    end;
