/** Event name, what it tells, and the parameters that it usually carries, separated by spaces. */
export type SystemEventRow = readonly [name: string, description: string, usualParameters: string];

/**
 * The 65 events that every app has in common, by their 11 categories. Names and parameters are those that SmartAppPush
 * publishes (where its two pages differ in a parameter, the longer list); the descriptions are ours.
 */
export const SYSTEM_EVENT_DATA: Readonly<Record<string, readonly SystemEventRow[]>> = {
  Onboarding: [
    ["onboarding_displayed", "The introduction for new users came up", "screen_index variant"],
    ["onboarding_step_completed", "One step of the introduction is done", "step step_name"],
    ["onboarding_completed", "The introduction was followed to its end", "duration_seconds steps_count"],
    ["onboarding_skipped", "The introduction was left before its end", "skipped_at_step"],
  ],
  "App Lifecycle": [
    ["app_opened", "The app came to the foreground", "source"],
    ["screen_viewed", "One screen of the app was shown", "screen_name previous_screen"],
  ],
  Authentication: [
    ["login_page_displayed", "The app asked who the user is", ""],
    ["logged_in", "The user is known from here on", "method"],
    ["sign_up_started", "Somebody began to create an account", "method"],
    ["sign_up_completed", "A new account exists", "method"],
    ["logged_out", "The user left; the device belongs to nobody from here on", ""],
  ],
  "E-Commerce": [
    ["product_viewed", "One product was looked at closely", "product_id category price"],
    ["product_list_viewed", "Several products were shown together", "category list_name item_count"],
    ["add_to_cart", "A product was put into the cart", "product_id quantity price currency"],
    ["remove_from_cart", "A product was taken out of the cart", "product_id"],
    ["cart_viewed", "The cart was looked at", "item_count cart_total"],
    ["begin_checkout", "The user set out to pay for the cart", "cart_total item_count currency"],
    ["checkout_abandoned", "Paying was given up halfway", "cart_total step"],
    ["payment_failed", "A payment was refused", "error_code payment_method"],
    ["purchase_completed", "An order was placed and paid", "order_id amount currency item_count"],
    ["coupon_applied", "A coupon lowered the price", "coupon_code discount_amount"],
    ["coupon_failed", "A coupon was refused", "coupon_code reason"],
    ["refund_requested", "The user asked for the money back", "order_id amount reason"],
    ["order_status_viewed", "The user checked how far an order is", "order_id status"],
    ["wishlist_added", "A product was kept for later", "product_id category"],
    ["wishlist_removed", "A product is no longer kept for later", "product_id"],
  ],
  "Search & Discovery": [
    ["search_performed", "The user typed a search and got an answer", "query results_count"],
    ["search_result_clicked", "One of the results was followed", "query result_position result_id"],
    ["search_no_results", "A search found nothing", "query"],
    ["category_browsed", "The user looked through one category", "category_name item_count"],
    ["filter_applied", "A list was narrowed down", "filter_type filter_value"],
  ],
  "Subscription & Monetization": [
    ["paywall_displayed", "The app asked to be paid for", "source variant"],
    ["paywall_dismissed", "The request to pay was closed without paying", "source time_spent_seconds"],
    ["trial_started", "A period free of charge began", "plan duration_days"],
    ["trial_ended", "A period free of charge is over", "plan converted"],
    ["subscription_started", "A subscription was bought", "plan price currency period"],
    ["subscription_renewed", "A subscription goes on for another period", "plan price period"],
    ["subscription_cancelled", "A subscription will not be renewed", "plan reason"],
    ["subscription_expired", "What the subscription paid for is closed again", "plan"],
    ["in_app_purchase_completed", "Something was bought once inside the app", "product_id amount currency"],
    ["billing_issue_detected", "The subscription could not be charged", "plan error_code"],
  ],
  "Push Notifications": [
    ["push_permission_granted", "The app may show pushes from here on", ""],
    ["push_permission_denied", "The app may not show pushes from here on", ""],
    ["push_received", "A push arrived on the device", "campaign_id message_id"],
    ["push_opened", "A push was tapped", "campaign_id message_id"],
    ["push_dismissed", "A push was swiped away", "campaign_id"],
    ["notification_settings_changed", "The user chose which pushes to get", "channel enabled"],
  ],
  "Content & Engagement": [
    ["content_viewed", "Something was read, watched or listened to", "content_id content_type duration_seconds"],
    ["content_completed", "Content was followed to its end", "content_id content_type completion_percent"],
    ["feature_used", "A function of the app was put to use", "feature_name screen_name"],
    ["feature_discovered", "A function was put to use for the first time", "feature_name"],
    ["rating_submitted", "The user gave stars or points", "target_id target_type rating"],
    ["review_submitted", "The user gave an opinion in words", "target_id target_type rating"],
    ["feedback_submitted", "The user wrote to the makers of the app", "feedback_type screen_name"],
  ],
  "User Profile & Preferences": [
    ["profile_completed", "Nothing that the profile requires is missing any more", ""],
    ["profile_updated", "Something in the profile was edited", "fields_updated"],
    ["language_changed", "The app speaks another language from here on", "from_language to_language"],
    ["preferences_updated", "A setting was given another value", "preference_key new_value"],
  ],
  "Social & Virality": [
    ["content_shared", "Content was passed on to somebody outside the app", "content_id share_method"],
    ["invite_sent", "The user asked somebody to join", "invite_method"],
    ["referral_completed", "Somebody who had been asked to join did", "referrer_user_id"],
  ],
  "Friction & Errors": [
    ["error_encountered", "Something went wrong before the user's eyes", "error_code error_message screen_name"],
    ["form_abandoned", "A form was begun and not sent", "form_name abandoned_at_step"],
    ["deep_link_failed", "A link into the app led nowhere", "deep_link_url error_reason"],
    ["permission_denied", "The user refused the app a right on the device", "permission_type"],
  ],
};
