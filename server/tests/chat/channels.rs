//! Users, channels, and what a role may do there.

use serde_json::{Value, json};
use server::chat::wire::{MessageRequest, Patch, Query, User};

use super::{Stand, code, made_by};

#[tokio::test(flavor = "multi_thread")]
async fn users_carry_custom_data_inline_and_are_found_by_filters() {
    let stand = Stand::new().await;
    let mut ada = User::named("ada", "Ada");
    ada.custom.insert("skills".into(), json!(["rust", "sql"]));
    ada.custom.insert("load".into(), json!(40));
    stand.client.upsert_users(&[ada, User::named("bob", "Bob"), User::named("cleo", "Cleo")]).await.expect("users");
    let set = json!({"load": 90, "home.city": "Bern"}).as_object().cloned().expect("fields");
    let ada = stand.client.patch_user("ada", &set, &["skills"]).await.expect("patched");
    assert_eq!(ada.custom["home"], json!({"city": "Bern"}));
    assert_eq!((ada.custom.get("skills"), &ada.custom["load"]), (None, &json!(90)));
    let find = async |filter: Value| -> Vec<String> {
        let query = Query { filter_conditions: filter.as_object().cloned().expect("a filter"), ..Query::default() };
        let found = stand.client.query_users(&query).await.expect("users");
        found.into_iter().map(|user| user.id).collect()
    };
    assert_eq!(find(json!({"id": {"$in": ["bob", "ada"]}})).await, ["ada", "bob"]);
    assert_eq!(find(json!({"load": {"$gt": 50}})).await, ["ada"]);
    assert_eq!(find(json!({"$or": [{"id": "bob"}, {"name": {"$autocomplete": "Cl"}}]})).await, ["bob", "cleo"]);
    assert_eq!(find(json!({"home.city": "Bern", "skills": {"$exists": false}})).await, ["ada"]);
    let (status, body) = stand.as_server("POST", "users", json!({"users": {"Ada": {"id": "Ada"}}})).await;
    assert_eq!((status, body["code"].as_i64()), (400, Some(4)), "{body}");
    let big = json!({"users": {"dan": {"id": "dan", "x": "y".repeat(6000)}}});
    let (status, body) = stand.as_server("POST", "users", big).await;
    assert_eq!((status, body["code"].as_i64()), (413, Some(22)), "{body}");
    let bad = Query {
        filter_conditions: json!({"id": {"$like": "x"}}).as_object().cloned().expect("a filter"),
        ..Query::default()
    };
    assert_eq!(code(&stand.client.query_users(&bad).await.expect_err("no such operator")), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_is_got_or_made_and_names_its_creator() {
    let stand = Stand::new().await;
    let (status, body) = stand.as_server("POST", "channels/messaging/general/query", json!({})).await;
    assert_eq!((status, body["code"].as_i64()), (400, Some(4)), "the creator must be named: {body}");
    let made = stand.general(&["ada", "bob"]).await;
    assert_eq!((made.channel.cid.as_str(), made.channel.member_count), ("messaging:general", 2));
    assert_eq!(made.channel.created_by.map(|user| user.id).as_deref(), Some("ada"), "unknown users are made");
    let again = stand.client.channel("messaging", "general", &made_by("cleo", &["cleo"])).await.expect("the same");
    assert_eq!(again.channel.created_by.map(|user| user.id).as_deref(), Some("ada"));
    assert_eq!(again.members.len(), 2, "data of a channel that is there change nothing");
    let bad = stand.client.channel("messaging", "a b", &made_by("ada", &[])).await.expect_err("an id");
    assert_eq!(code(&bad), 4);
    let none = stand.client.channel("nothing", "x", &made_by("ada", &[])).await.expect_err("a type");
    assert_eq!(code(&none), 16);
    let one = stand.client.distinct_channel("messaging", &made_by("ada", &["bob", "ada"])).await.expect("a channel");
    let two = stand.client.distinct_channel("messaging", &made_by("bob", &["ada", "bob"])).await.expect("a channel");
    assert_eq!(one.channel.cid, two.channel.cid, "one channel of the same people");
    assert!(one.channel.id.starts_with("!members-"));
    let by_cid = Query {
        filter_conditions: json!({"cid": "messaging:general", "members": {"$in": ["bob"]}})
            .as_object()
            .cloned()
            .expect("f"),
        ..Query::default()
    };
    let found = stand.client.query_channels(&by_cid).await.expect("channels");
    assert_eq!(found.len(), 1);
    stand.client.delete_channel("messaging", "general", true).await.expect("deleted");
    assert!(stand.client.query_channels(&by_cid).await.expect("channels").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn users_may_what_their_roles_are_granted() {
    let stand = Stand::new().await;
    let mut admin = User::named("root", "Root");
    admin.role = Some("admin".into());
    stand.client.upsert_users(&[admin, User::named("eve", "Eve")]).await.expect("users");
    stand.general(&["ada", "bob"]).await;
    stand.say("ada", "m1", "Mine").await;
    let text = json!({"message": {"text": "hello"}});
    let send = "channels/messaging/general/message";
    let cases = [
        ("a member writes", "bob", "POST", send, text.clone(), 201),
        ("a stranger does not", "eve", "POST", send, text.clone(), 403),
        ("nor reads", "eve", "GET", "messages/m1", Value::Null, 403),
        ("nor looks at the channel", "eve", "POST", "channels/messaging/general/query", json!({}), 403),
        ("nor joins", "eve", "POST", "channels/messaging/general", json!({"add_members": ["eve"]}), 403),
        ("an admin does", "root", "POST", send, text.clone(), 201),
        ("nobody writes as another", "bob", "POST", send, json!({"message": {"text": "x", "user_id": "ada"}}), 403),
        ("nobody changes another's", "bob", "POST", "messages/m1", json!({"message": {"text": "x"}}), 403),
        ("but their own", "ada", "POST", "messages/m1", json!({"message": {"text": "x"}}), 201),
        ("a member pins nothing", "bob", "PUT", "messages/m1", json!({"set": {"pinned": true}}), 403),
        ("nobody deletes another's", "bob", "DELETE", "messages/m1", Value::Null, 403),
        ("nobody deletes for good", "ada", "DELETE", "messages/m1?hard=true", Value::Null, 403),
        (
            "nobody promotes themselves",
            "bob",
            "PATCH",
            "users",
            json!({"users": [{"id": "bob", "set": {"role": "admin"}}]}),
            403,
        ),
        ("nobody changes another user", "bob", "POST", "users", json!({"users": {"ada": {"id": "ada"}}}), 403),
        ("but themselves", "bob", "POST", "users", json!({"users": {"bob": {"id": "bob", "name": "B"}}}), 201),
        ("settings are the server's", "root", "PATCH", "app", json!({"webhook_url": "http://x"}), 403),
        ("a user makes nobody", "ada", "POST", "channels/messaging/general", json!({"add_members": ["ghost"]}), 400),
        (
            "who made a channel adds members",
            "ada",
            "POST",
            "channels/messaging/general",
            json!({"add_members": ["eve"]}),
            201,
        ),
        ("who was added reads", "eve", "GET", "messages/m1", Value::Null, 200),
        (
            "who is a member leaves",
            "eve",
            "POST",
            "channels/messaging/general",
            json!({"remove_members": ["eve"]}),
            201,
        ),
    ];
    for (what, user, method, path, body, expected) in cases {
        let (status, answer) = stand.as_user(user, method, path, body).await;
        assert_eq!(status, expected, "{what}: {answer}");
        if expected == 403 {
            assert_eq!(answer["code"], 17, "{what}");
        }
    }
    let moderators = json!({"add_moderators": ["bob"]});
    assert_eq!(stand.as_server("POST", "channels/messaging/general", moderators).await.0, 201);
    assert_eq!(stand.as_user("bob", "DELETE", "messages/m1", Value::Null).await.0, 200, "a moderator deletes");
    let frozen: Patch = serde_json::from_value(json!({"set": {"frozen": true}})).expect("a patch");
    assert!(stand.client.patch_channel("messaging", "general", &frozen).await.expect("frozen").frozen);
    assert_eq!(stand.as_user("ada", "POST", send, text).await.0, 403, "nobody writes in a frozen channel");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cooldown_slows_members_down() {
    let stand = Stand::new().await;
    stand.general(&["ada", "bob"]).await;
    let (status, _) = stand.as_server("POST", "channels/messaging/general", json!({"cooldown": 60})).await;
    assert_eq!(status, 201);
    let (send, text) = ("channels/messaging/general/message", json!({"message": {"text": "hello"}}));
    assert_eq!(stand.as_user("bob", "POST", send, text.clone()).await.0, 201);
    let (status, body) = stand.as_user("bob", "POST", send, text).await;
    assert_eq!((status, body["code"].as_i64()), (403, Some(60)));
}

#[tokio::test(flavor = "multi_thread")]
async fn own_and_silent_messages_are_never_unread() {
    let stand = Stand::new().await;
    stand.general(&["ada", "bob"]).await;
    stand.say("ada", "m1", "one").await;
    stand.say("ada", "m2", "two").await;
    stand.say("bob", "m3", "three").await;
    let silent = MessageRequest { silent: true, ..MessageRequest::text("ada", "psst") };
    stand.client.send_message("messaging", "general", &silent).await.expect("sent");
    assert_eq!((stand.unread_of("bob").await, stand.unread_of("ada").await), (2, 1));
    assert_eq!(stand.client.unread("bob").await.expect("counts")["total_unread_count"], 2);
    stand.client.mark_read("messaging", "general", "bob", None).await.expect("read");
    assert_eq!(stand.unread_of("bob").await, 0);
    stand.client.mark_unread("messaging", "general", "bob", "m2").await.expect("unread");
    assert_eq!(stand.unread_of("bob").await, 1);
    stand.client.delete_message("m2", false).await.expect("deleted");
    assert_eq!(stand.unread_of("bob").await, 0, "what is deleted is not unread");
    let stranger = stand.client.mark_read("messaging", "general", "cleo", None).await;
    assert_eq!(code(&stranger.expect_err("no member")), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hidden_channel_comes_back_with_the_next_message() {
    let stand = Stand::new().await;
    stand.general(&["ada", "bob"]).await;
    stand.say("ada", "m1", "old").await;
    stand.client.hide_channel("messaging", "general", "bob", true).await.expect("hidden");
    let mine = Query { user_id: Some("bob".into()), ..Query::default() };
    assert!(stand.client.query_channels(&mine).await.expect("channels").is_empty());
    stand.say("ada", "m2", "new").await;
    assert_eq!(stand.client.query_channels(&mine).await.expect("channels").len(), 1);
    let (_, state) = stand.as_user("bob", "POST", "channels/messaging/general/query", json!({"state": true})).await;
    assert_eq!(state["messages"].as_array().map(Vec::len), Some(1), "what was before is cleared for bob: {state}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_is_fetched_by_its_signed_link_alone() {
    let stand = Stand::new().await;
    stand.general(&["ada"]).await;
    let upload = async |kind: &str, name: &str| {
        let boundary = "a-boundary";
        let body = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n<b>hi</b>\r\n--{boundary}--\r\n"
        );
        let url = format!("{}/channels/messaging/general/{kind}?api_key={}", stand.url, stand.keys.api_key);
        let request = stand.http.post(url).header("authorization", stand.token_of("ada"));
        let request = request.header("stream-auth-type", "jwt");
        let request = request.header("content-type", format!("multipart/form-data; boundary={boundary}"));
        let answer = request.body(body).send().await.expect("an answer");
        (answer.status().as_u16(), answer.json::<Value>().await.expect("a body"))
    };
    let (status, body) = upload("file", "../evil page.html").await;
    assert_eq!(status, 201, "{body}");
    let link = body["file"].as_str().expect("a link");
    assert!(link.contains("/evilpage.html?sig="), "{link}");
    let file = stand.http.get(link).send().await.expect("the file");
    assert_eq!(file.headers()["content-type"], "application/octet-stream", "it is never a page of ours");
    assert_eq!(file.text().await.expect("its text"), "<b>hi</b>");
    let unsigned = link.split('?').next().expect("a link");
    assert_eq!(stand.http.get(unsigned).send().await.expect("an answer").status(), 404);
    assert_eq!(upload("image", "page.html").await.0, 400);
}
