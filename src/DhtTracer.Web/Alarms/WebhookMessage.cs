using System.Text;
using System.Text.Json;
using DhtTracer.Analysis.Alarms;

namespace DhtTracer.Web.Alarms;

/// <summary>What is sent of one alarm.</summary>
/// <param name="Id">The same for every attempt and every receiver, so that one that comes twice can be told.</param>
/// <param name="Body">JSON as UTF-8.</param>
public sealed record WebhookMessage(string Id, ReadOnlyMemory<byte> Body)
{
    /// <summary>The messages of an hour: one for each alarm that begins or ends.</summary>
    public static IEnumerable<WebhookMessage> Of(AlarmChanges changes)
    {
        ArgumentNullException.ThrowIfNull(changes);
        return changes.Raised.Select(static alarm => Of("raised", alarm)).Concat(changes.Ended.Select(static alarm => Of("ended", alarm)));
    }

    private static WebhookMessage Of(string change, Alarm alarm)
    {
        var id = $"{alarm.Id}-{change}";
        var body = JsonSerializer.Serialize(
            new
            {
                id,
                @event = change,
                text = AlarmText.Sentence(alarm),
                path = $"/alarms?id={alarm.Id}",
                alarm,
            },
            AlarmJson.Options
        );
        return new WebhookMessage(id, Encoding.UTF8.GetBytes(body));
    }
}
