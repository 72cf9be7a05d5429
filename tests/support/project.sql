-- What an application of Supabase's kind hangs on the tables of accounts: a profile for each user, made by a trigger, with rules of its
-- own; an account of orders that a user cannot be deleted from; row-level policies on the token's claims. For a database that the program
-- has migrated. Names that begin with "bad" are refused by the application.
create schema if not exists app;
create table public.profiles (
    id uuid primary key references auth.users on delete cascade,
    username text unique,
    full_name text,
    constraint no_bad_names check (full_name is null or full_name not like 'bad%')
);
create table public.orders (
    id bigint generated always as identity primary key,
    user_id uuid not null references auth.users,
    total integer not null
);
create table public.secrets (id bigint generated always as identity primary key, owner uuid references auth.users on delete cascade, words text);
alter table public.profiles enable row level security;
alter table public.secrets enable row level security;

create function app.claims() returns jsonb language sql stable as $$
    select coalesce(nullif(current_setting('request.jwt.claims', true), ''), '{}')::jsonb
$$;
create policy own_profile on public.profiles for select to authenticated using (id = (app.claims() ->> 'sub')::uuid);
create policy own_secrets_at_aal2 on public.secrets for all to authenticated
    using (owner = (app.claims() ->> 'sub')::uuid and app.claims() ->> 'aal' = 'aal2');
grant usage on schema public, app to authenticated;
grant select on public.profiles, public.secrets to authenticated;

create function public.handle_new_user() returns trigger language plpgsql security definer set search_path = '' as $$
begin
    insert into public.profiles (id, username, full_name)
        values (new.id, new.raw_user_meta_data ->> 'username', new.raw_user_meta_data ->> 'full_name');
    return new;
end $$;
create trigger on_auth_user_created after insert on auth.users for each row execute function public.handle_new_user();

create function app.no_bad_changes() returns trigger language plpgsql security definer set search_path = '' as $$
begin
    if new.raw_user_meta_data ->> 'full_name' like 'bad%' then
        raise exception 'the application does not want this name';
    end if;
    return new;
end $$;
create trigger on_auth_user_updated before update on auth.users for each row execute function app.no_bad_changes();
